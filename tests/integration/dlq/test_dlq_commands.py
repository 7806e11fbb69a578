"""`mih dlq replay|discard|export|import` as somebody runs them who was woken at night."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from commands import Mih, mih_of, recorded
from letters import AGAIN, DEAD, delivery, ids_in, letter
from queues import without_ladder
from stages_world import World, a_world

from pipeline.broker import lease, open_session
from pipeline.delivery import read_delivery
from pipeline.registry import Intervention, InterventionStore, Kind
from pipeline.settings import load_settings
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Burden, Permit, Policy
from topology import names
from topology.entities import topology_of

TOPOLOGY = without_ladder(topology_of(["erp", "lms"]))


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url, TOPOLOGY) as world:
        yield world


@pytest.fixture
async def mih(world: World, tmp_path: Path) -> Mih:
    return await mih_of(world, tmp_path)


async def dead(world: World, mih: Mih, *numbers: int, service: str = "erp", rule: str = "rule-0") -> None:
    await asyncio.gather(*(world.session.publish(letter(one, service=service, rule=rule)) for one in numbers))
    await recorded(world, mih, len(numbers))


async def known(mih: Mih) -> dict[str, int]:
    async with mih.index() as index:
        return await index.counts()


def mode_of(file: Path | str) -> int:
    return Path(file).stat().st_mode & 0o777


def read(file: str) -> bytes:
    return Path(file).read_bytes()


async def test_a_replay_of_all_services_empties_their_queues_and_the_index(world: World, mih: Mih) -> None:
    await dead(world, mih, 1, 2)
    await dead(world, mih, 3, service="lms")
    told = await mih.json("dlq", "replay")
    assert [(one["place"], one["depth"], one["replayed"]) for one in told] == [("erp", 2, 2), ("lms", 1, 1)]
    assert sorted(await ids_in(world, AGAIN)) == ["d1", "d2"]
    assert await ids_in(world, names.service_queue("lms")) == ["d3"]
    assert await known(mih) == {}


async def test_a_replay_of_one_letter_leaves_the_others_to_queue_and_index(world: World, mih: Mih) -> None:
    await dead(world, mih, 1, 2, 3)
    [told] = await mih.json("dlq", "replay", "--id", "d2")
    assert (told["replayed"], told["kept"]) == (1, 2)
    assert await ids_in(world, AGAIN) == ["d2"]
    assert await known(mih) == {"erp": 2}
    assert sorted(await ids_in(world, DEAD)) == ["d1", "d3"]


async def test_a_letter_that_stays_though_it_was_chosen_is_told_and_the_exit_code_is_1(world: World, mih: Mih) -> None:
    await dead(world, mih, 1, rule="gone")
    code, told = await mih.run("dlq", "replay", "--service", "erp", "--anew")
    assert code == 1
    assert "1 stay: there is no rule gone in the registry any more" in told
    assert await world.depth(DEAD) == 1


async def test_a_replay_waits_until_there_is_room_at_the_service(world: World, mih: Mih) -> None:
    await dead(world, mih, *range(20))
    process = await mih.start("dlq", "replay", "--service", "erp", "--ahead", "5", "--json")
    there: list[str] = []
    while len(there) < 20:
        await world.until_depth(AGAIN, min(5, 20 - len(there)))
        there += await ids_in(world, AGAIN)
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert orjson.loads(output)[0]["replayed"] == 20
    assert sorted(there) == sorted(f"d{number}" for number in range(20))


async def test_a_replay_keeps_off_a_service_that_is_paused_unless_it_is_told(world: World, mih: Mih) -> None:
    await dead(world, mih, 1)
    async with InterventionStore.open(load_settings(mih.environment).effective_database_url()) as store:
        await store.put(Intervention(Kind.PAUSED, "erp", "ada", "moving house", delivery(1).first_seen))
    code, told = await mih.run("dlq", "replay", "--service", "erp")
    assert code == 1
    assert "erp: nothing is replayed, it is paused by ada" in told
    assert await world.depth(DEAD) == 1
    [forced] = await mih.json("dlq", "replay", "--service", "erp", "--force")
    assert forced["replayed"] == 1


async def test_a_replay_keeps_off_a_service_whose_breaker_is_open_and_goes_on_with_the_others(
    world: World, mih: Mih
) -> None:
    await dead(world, mih, 1)
    await dead(world, mih, 2, service="lms")
    breakers, policy = Breakers(world.shared), Policy(failures=1)
    permit = await breakers.permit("erp", policy, "k", "t")
    assert isinstance(permit, Permit)
    await breakers.report(
        "erp", policy, permit, Burden(fails=True), delivery_key="k", remember_ms=0, error="503", latency_ms=1
    )
    code, told = await mih.run("dlq", "replay")
    assert code == 1
    assert "erp: nothing is replayed, its breaker is open" in told
    assert await world.depth(DEAD) == 1
    assert await ids_in(world, names.service_queue("lms")) == ["d2"]


async def test_without_redis_a_replay_goes_on_and_says_what_it_does_not_know(world: World, mih: Mih) -> None:
    await dead(world, mih, 1)
    alone = Mih(mih.environment | {"MIH_REDIS_URL": "redis://127.0.0.1:1/0"}, mih.folder)
    process = await alone.start("dlq", "replay", "--service", "erp")
    _, complaints = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert "whether a breaker is open is not known" in " ".join(complaints.decode().split())
    assert await ids_in(world, AGAIN) == ["d1"]


async def test_a_second_command_at_once_is_refused(world: World, mih: Mih) -> None:
    await dead(world, mih, 1)
    async with open_session(world.settings.amqp_url, "other") as other, lease(other, DEAD):
        code, told = await mih.run("dlq", "discard", "--service", "erp", "--yes")
    assert code == 1
    assert "another replay or discard is at work on it" in told
    assert await ids_in(world, DEAD) == ["d1"]


async def test_discard_asks_first_and_without_a_terminal_takes_nothing(world: World, mih: Mih) -> None:
    await dead(world, mih, 1)
    code, told = await mih.run("dlq", "discard", "--service", "erp", stdin=b"y\n")
    assert code == 2
    assert "422" in told
    assert await ids_in(world, DEAD) == ["d1"]


async def test_discard_takes_nothing_where_nobody_says_what(mih: Mih) -> None:
    code, told = await mih.run("dlq", "discard", "--yes")
    assert code == 2
    assert "--service" in told


async def test_what_is_exported_mended_discarded_and_imported_is_replayed_mended(world: World, mih: Mih) -> None:
    await dead(world, mih, 1, 2)
    file = mih.folder / "letters.jsonl"
    code, told = await mih.run("dlq", "export", "--id", "d1", "--output", str(file))
    assert code == 0, told
    assert mode_of(file) == 0o600
    line = orjson.loads(file.read_bytes())
    line["body"]["request"]["body"] = '{"n": 11}'
    file.write_bytes(orjson.dumps(line) + b"\n")
    code, told = await mih.run("dlq", "import", str(file))
    assert code == 2
    assert "still in its queue: discard it first" in told
    [discarded] = await mih.json("dlq", "discard", "--id", "d1", "--yes")
    assert mode_of(discarded["export"]) == 0o600
    assert orjson.loads(read(discarded["export"]))["id"] == "d1"
    assert await mih.json("dlq", "import", str(file)) == {"imported": 1}
    await recorded(world, mih, 1)
    [replayed] = await mih.json("dlq", "replay", "--service", "erp")
    assert replayed["replayed"] == 2
    found = {one.id: one for one in [read_delivery(m.body, m.headers) for m in await world.ready(AGAIN)]}
    mended = found["d1"]
    assert mended.request
    assert mended.request.body == '{"n": 11}'
    assert mended.variant.startswith("m")
    assert (mended.attempt, found["d2"].variant) == (1, "")


async def test_a_letter_that_is_imported_as_it_was_exported_is_the_same_letter_byte_for_byte(
    world: World, mih: Mih
) -> None:
    await dead(world, mih, 1)
    [before] = await world.ready(DEAD)
    await world.session.publish(letter(1))
    await recorded(world, mih, 1)
    [discarded] = await mih.json("dlq", "discard", "--service", "erp", "--yes")
    await mih.json("dlq", "import", discarded["export"])
    [after] = await world.drained(DEAD, 1)
    assert after.body == before.body
    assert {**after.headers} == {**before.headers}


async def test_of_an_import_with_a_wrong_line_nothing_is_published_and_all_that_is_wrong_is_told(
    world: World, mih: Mih
) -> None:
    await dead(world, mih, 1)
    _, good = await mih.run("dlq", "export", "--service", "erp")
    await mih.json("dlq", "discard", "--service", "erp", "--yes")
    nowhere = orjson.dumps({**orjson.loads(good), "place": "erpp"}).decode()
    other = orjson.dumps({**orjson.loads(good), "id": "d9"}).decode()
    lines = f"{good}[]\n{{}}\n{nowhere}\n{other}\n{good}"
    code, told = await mih.run("dlq", "import", "-", stdin=lines.encode())
    assert code == 2
    told = " ".join(told.split())
    assert "-:1:" not in told
    for said in ("-:2: expected a JSON object", "-:3: id is missing", "-:4:", "-:5: body.id", "-:6: letter d1 is in"):
        assert said in told
    assert await world.depth(DEAD) == 0


async def test_a_replay_that_is_killed_loses_no_letter_and_the_next_one_leaves_none_twice(
    world: World, mih: Mih
) -> None:
    numbers = range(2_000)
    await dead(world, mih, *numbers)
    for enough in (300, 900):
        process = await mih.start("dlq", "replay", "--service", "erp", "--ahead", "0")
        for _ in range(2_000):
            if await world.depth(AGAIN) >= enough:
                break
            await asyncio.sleep(0.01)
        process.kill()
        await asyncio.wait_for(process.communicate(), 20)
    there: list[str] = []

    async def replayed() -> bool:
        code, _ = await mih.run("dlq", "replay", "--service", "erp", "--ahead", "0", "--json")
        return code == 0

    for _ in range(20):
        if await replayed() and await world.depth(DEAD) == 0:
            break
    there += await ids_in(world, AGAIN)
    assert set(there) == {f"d{number}" for number in numbers}
    assert len(there) - len(set(there)) <= 2 * 100, "twice at most what was in hand, with the key of the first"
    assert await known(mih) == {}
