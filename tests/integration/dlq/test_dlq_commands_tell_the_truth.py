"""`mih dlq …` where the index is behind, an option is empty, nothing is meant, or a walk breaks off in its middle."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from commands import Mih, mih_of, recorded
from letters import AGAIN, DEAD, ids_in, letter
from queues import without_ladder
from stages_world import World, a_world, eventually

from pipeline.broker import Outgoing
from pipeline.registry import Intervention, InterventionStore, Kind
from pipeline.settings import load_settings
from topology import names
from topology.entities import topology_of

#: `old` has queues, and is in no registry.
TOPOLOGY = without_ladder(topology_of(["erp", "lms", "old"]))


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url, TOPOLOGY) as world:
        yield world


@pytest.fixture
async def mih(world: World, tmp_path: Path) -> Mih:
    return await mih_of(world, tmp_path)


async def dead(world: World, *numbers: int, service: str = "erp") -> None:
    await asyncio.gather(*(world.session.publish(letter(one, service=service)) for one in numbers))
    await world.until_depth(names.dead_letter_queue(service), len(numbers))


def died(number: int, at: datetime) -> Outgoing:
    return letter(number).with_headers({names.HEADER_DIED_AT: at.isoformat()})


def read(file: str) -> bytes:
    return Path(file).read_bytes()


async def delete(world: World, queue: str) -> None:
    wire = await (await world.session.channel()).get_underlay_channel()
    await wire.queue_delete(queue)


async def test_a_replay_of_all_services_is_silent_of_those_that_have_no_letters(world: World, mih: Mih) -> None:
    """A service that is paused, too, has nothing to be refused then."""
    await dead(world, 1)
    async with InterventionStore.open(load_settings(mih.environment).effective_database_url()) as store:
        await store.put(Intervention(Kind.PAUSED, "lms", "ada", "moving house", datetime.now(UTC)))
    code, told = await mih.run("dlq", "replay")
    assert (code, told) == (0, "erp: 1 of 1 dead letters are on their way again.\n")
    code, told = await mih.run("dlq", "replay")
    assert (code, told) == (0, "No dead letter is known that this is asked of.\n")


@pytest.mark.parametrize("command", [["replay"], ["discard"], ["discard", "--yes"]])
async def test_a_letter_that_nobody_knows_is_not_passed_over_in_silence(mih: Mih, command: list[str]) -> None:
    code, told = await mih.run("dlq", *command, "--id", "d404")
    assert (code, told) == (0, "No dead letter is known that this is asked of.\n")


async def test_letters_of_a_service_that_is_no_more_are_reached_where_the_index_knows_none(
    world: World, mih: Mih
) -> None:
    await dead(world, 1, service="old")
    code, told = await mih.run("dlq", "replay", "--service", "old")
    assert (code, "1 stay: there is no service old in the registry any more" in told) == (1, True)
    [discarded] = await mih.json("dlq", "discard", "--service", "old", "--yes")
    assert discarded["discarded"] == 1
    assert await mih.json("dlq", "import", discarded["export"]) == {"imported": 1}
    await world.until_depth(names.dead_letter_queue("old"), 1)


async def test_discard_asks_for_what_the_queue_holds_and_not_only_for_what_the_index_knows(
    world: World, mih: Mih
) -> None:
    await dead(world, 1, 2, 3)
    code, told = await mih.run("dlq", "discard", "--service", "erp")
    assert code == 2
    assert "mih.dlq.erp: the index knows 0, the queue holds 3" in told


async def test_a_letter_that_died_again_is_as_young_as_it_says_whatever_an_index_that_is_behind_knows(
    world: World, mih: Mih
) -> None:
    await world.session.publish(letter(1))
    await recorded(world, mih, 1)
    await world.ready(DEAD)
    await world.session.publish(died(1, datetime.now(UTC) - timedelta(minutes=1)))
    await world.until_depth(DEAD, 1)
    [told] = await mih.json("dlq", "discard", "--service", "erp", "--older-than", "1h", "--yes")
    assert (told["discarded"], told["kept"]) == (0, 1)
    assert await ids_in(world, DEAD) == ["d1"]


@pytest.mark.parametrize("option", ["--service", "--reason", "--older-than", "--id", "--fingerprint"])
async def test_an_option_without_a_word_is_refused_and_does_not_mean_every_letter(
    world: World, mih: Mih, option: str
) -> None:
    """A script whose variable is not set would discard them all."""
    await dead(world, 1)
    named = [] if option == "--service" else ["--service", "erp"]
    code, told = await mih.run("dlq", "discard", *named, option, "", "--yes")
    assert code == 2
    assert option in told
    assert await ids_in(world, DEAD) == ["d1"]


@pytest.mark.parametrize("rate", ["nan", "inf", "0"])
async def test_a_rate_that_is_none_is_refused(mih: Mih, rate: str) -> None:
    code, told = await mih.run("dlq", "replay", "--rate", rate)
    assert code == 2
    assert "--rate" in told


async def test_an_export_overwrites_no_file(world: World, mih: Mih) -> None:
    """It may be the only copy of what was discarded."""
    await dead(world, 1)
    await recorded(world, mih, 1)
    file = mih.folder / "letters.jsonl"
    file.write_text("precious")
    for service in ("erp", "epr"):
        code, told = await mih.run("dlq", "export", "--service", service, "--output", str(file))
        assert code == 2
        assert file.read_text() == "precious"
    assert "did you mean 'erp'" in told
    code, told = await mih.run("dlq", "export", "--output", str(mih.folder / "nowhere" / "x"))
    assert (code, "No such file or directory" in told) == (2, True)


async def test_an_interrupted_replay_tells_of_every_place_that_it_did_not_come_to(world: World, mih: Mih) -> None:
    await dead(world, *range(20))
    await dead(world, 100, service="lms")
    process = await mih.start("dlq", "replay", "--rate", "5", "--json")
    there: list[str] = []

    async def is_under_way() -> bool:
        there.extend(await ids_in(world, AGAIN))
        return len(there) > 1

    await eventually(is_under_way, "a letter is replayed")
    process.send_signal(signal.SIGINT)
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    erp, lms = orjson.loads(output)
    assert process.returncode == 1
    assert (erp["interrupted"], lms["place"], lms["depth"], lms["interrupted"]) == (True, "lms", 1, True)
    there += await ids_in(world, AGAIN)
    left = await ids_in(world, DEAD)
    assert sorted(there + left) == sorted(f"d{number}" for number in range(20))


async def test_a_discard_that_breaks_off_tells_what_it_did_and_where_the_copy_is(world: World, mih: Mih) -> None:
    await dead(world, *range(500))
    process = await mih.start("dlq", "discard", "--service", "erp", "--yes", "--json")

    async def is_under_way() -> bool:
        return await world.depth(DEAD) < 450

    await eventually(is_under_way, "a letter is discarded")
    await delete(world, DEAD)
    output, complaints = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1, complaints.decode()
    [told] = orjson.loads(output)
    assert told["refused"]
    assert told["discarded"] > 0
    assert len(read(told["export"]).splitlines()) >= told["discarded"]


async def test_a_replay_that_breaks_off_tells_what_it_did(world: World, mih: Mih) -> None:
    await dead(world, *range(30))
    process = await mih.start("dlq", "replay", "--service", "erp", "--rate", "5", "--json")

    async def is_under_way() -> bool:
        return await world.depth(AGAIN) > 1

    await eventually(is_under_way, "a letter is replayed")
    await delete(world, DEAD)
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    [told] = orjson.loads(output)
    assert (process.returncode, bool(told["refused"])) == (1, True)
    assert told["replayed"] == await world.depth(AGAIN)
