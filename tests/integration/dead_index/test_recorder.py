"""The recorder indexes all that dies, once, and loses nothing whatever dies beside it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import pytest
from private_postgresql import PostgreSQL
from queues import WITHIN_S
from recorder_world import World, a_recorded_world

from pipeline.broker import Outgoing, consume, rejected, work_suspects
from pipeline.broker.incoming import Incoming
from pipeline.dead_index import Letter, Selection
from pipeline.recorder import STAGE, recorder_of_suspects
from topology import names

pytest_plugins = ["registry_databases"]

LETTERS = 400
ERP = names.dead_letter_queue("erp")


@pytest.fixture
async def world(amqp_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_recorded_world(amqp_url, f"sqlite:///{tmp_path / 'mih.db'}") as world:
        yield world


async def test_the_dead_of_every_place_are_indexed_and_stay_where_they_are(world: World) -> None:
    came = Incoming(b"{broken", {}, "mih.events", "shop.order", "text/plain", None, None, 0, 1)
    async with world.recording():
        await world.die(range(3))
        await world.session.publish(rejected(came, names.INVALID_KEY, "not JSON"))
        await world.session.publish(Outgoing(names.SERVICES, "nobody", b"{}"))
        await world.until_indexed({"erp": 3, "invalid": 1, "unroutable": 1})
        await world.until_depth(names.DEAD, 0)
    depths = {queue: await world.depth(queue) for queue in (ERP, names.INVALID, names.UNROUTABLE, names.DEAD)}
    assert depths == {ERP: 3, names.INVALID: 1, names.UNROUTABLE: 1, names.DEAD: 0}
    [invalid] = [entry async for entry in world.index.select(Selection(place="invalid"))]
    [letter] = await world.index.letters(invalid.letter_id)
    assert (letter.reason, letter.routing_key, letter.body) == ("not JSON", "shop.order", b"{broken")


async def test_a_recorder_that_is_killed_again_and_again_loses_no_letter_and_indexes_none_twice(
    world: World, tmp_path: Path
) -> None:
    """Twice, for what comes back three times is a suspect's business."""
    environment = {
        **os.environ,
        "MIH_AMQP_URL": world.settings.amqp_url,
        "MIH_DATABASE_URL": world.settings.database_url,
        "MIH_STATE_DIR": str(tmp_path),
        "MIH_PREFETCH": "20",
    }
    command = (sys.executable, "-m", "pipeline.cli", "recorder")
    await world.die(range(LETTERS))
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(*command, env=environment)
        before = sum((await world.index.counts()).values())
        for _ in range(WITHIN_S * 100):
            if sum((await world.index.counts()).values()) > before:
                break
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert 0 < sum((await world.index.counts()).values()) < LETTERS, "it was killed in the middle"
    async with world.recording():
        await world.until_indexed({"erp": LETTERS})
        await world.until_depth(names.DEAD, 0)
    assert await world.depth(ERP) == LETTERS
    assert await world.depth(names.suspect_queue(STAGE)) == 0


async def test_two_recorders_side_by_side_index_each_letter_once(world: World) -> None:
    async with world.recording(), world.recording():
        await world.die(range(LETTERS))
        await world.until_indexed({"erp": LETTERS})
        await world.until_depth(names.DEAD, 0)


async def test_a_letter_whose_queue_is_missing_goes_to_the_unroutable_first_and_is_indexed_there(world: World) -> None:
    async with world.recording():
        await world.die([1], "removed")
        await world.die([2])
        await world.until_indexed({"erp": 1, "unroutable": 1})
        [kept] = await world.drained(names.UNROUTABLE, 1)
    assert (kept.headers[names.HEADER_REASON], kept.headers[names.HEADER_SERVICE]) == ("HTTP 422", "removed")
    [letter] = await world.index.letters("d1")
    assert (letter.service, letter.reason, letter.status, letter.routing_key) == ("removed", "HTTP 422", 422, "removed")
    assert await world.depth(names.DEAD) == 0


@pytest.mark.parametrize(
    ("place", "headers"), [("p" * 255, {}), ("removed", {names.HEADER_ROUTING_KEY: "k" * 1_000})], ids=["place", "key"]
)
async def test_a_letter_whose_names_are_too_long_for_amqp_is_indexed_among_the_unroutable(
    world: World, place: str, headers: dict[str, str]
) -> None:
    """It would have met a bug at each recorder."""
    async with world.recording():
        await world.session.publish(Outgoing(names.DLX, place, b"{}", headers=headers))
        await world.until_indexed({"unroutable": 1})
        await world.until_depth(names.DEAD, 0)
        assert await world.depth(names.UNROUTABLE) == 1


async def test_what_dies_while_the_database_is_away_is_indexed_when_it_is_back(
    amqp_url: str, postgresql: PostgreSQL
) -> None:
    async with a_recorded_world(amqp_url, postgresql.new_database()) as world, world.recording():
        await world.die(range(5))
        await world.until_indexed({"erp": 5})
        await asyncio.to_thread(postgresql.stop)
        try:
            await world.die(range(5, 50))
            await world.until_depth(names.DEAD, 0)
        finally:
            await asyncio.to_thread(postgresql.start)
        await world.until_indexed({"erp": 50})
        await world.until_depth(names.DEAD, 0)
        assert await world.depth(names.suspect_queue(STAGE)) == 0


async def test_a_database_that_is_away_for_long_gets_its_letters_given_back_to_the_queue(
    amqp_url: str, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that RabbitMQ does not take them by force, and none of them looks like a suspect."""
    batches = import_module("pipeline.recorder.batches")
    monkeypatch.setattr(batches, "_TRIES_IN_HAND", 2)
    monkeypatch.setattr(batches, "_RETRY_WAITS_S", (0.1,))
    async with a_recorded_world(amqp_url, postgresql.new_database()) as world, world.recording():
        await world.die([0])
        await world.until_indexed({"erp": 1})
        await asyncio.to_thread(postgresql.stop)
        try:
            await world.die(range(1, 50))
            await world.until_depth(names.DEAD, 49)
        finally:
            await asyncio.to_thread(postgresql.start)
        await world.until_indexed({"erp": 50})
        await world.until_depth(names.DEAD, 0)
        assert await world.depth(names.suspect_queue(STAGE)) == 0


async def test_a_recorder_stops_while_the_database_is_away_and_loses_nothing(
    amqp_url: str, postgresql: PostgreSQL
) -> None:
    async with a_recorded_world(amqp_url, postgresql.new_database()) as world:
        async with world.recording():
            await world.die([0])
            await world.until_indexed({"erp": 1})
            await asyncio.to_thread(postgresql.stop)
            await world.die(range(1, 20))
            await world.until_depth(names.DEAD, 0)
        try:
            await world.until_depth(names.DEAD, 19)
        finally:
            await asyncio.to_thread(postgresql.start)
        async with world.recording():
            await world.until_indexed({"erp": 20})


async def test_a_letter_that_only_fails_is_found_guilty_once_and_does_not_go_round(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("pipeline.broker.suspects"), "_LOOK_EVERY_S", 0.1)
    recorder = recorder_of_suspects(world.session, world.index)

    async def take(message: Incoming) -> None:
        if message.routing_key != names.INVALID_KEY and message.headers[names.HEADER_DELIVERY_ID] == "d1":
            raise RuntimeError("a bug that this delivery meets")
        await recorder.take(message)

    until = asyncio.Event()
    working = [
        asyncio.create_task(consume(world.session, names.DEAD, take, stage=STAGE, prefetch=10, until=until)),
        asyncio.create_task(work_suspects(world.session, {STAGE: take}, until=until)),
    ]
    await world.die(range(3))
    await world.until_indexed({"erp": 2, "invalid": 1})
    until.set()
    async with asyncio.timeout(WITHIN_S):
        await asyncio.gather(*working)
    [letter] = await world.index.letters("d1")
    assert (letter.place, letter.reason) == ("invalid", "recorder: failed unexpectedly: RuntimeError")
    depths = [await world.depth(queue) for queue in (ERP, names.INVALID, names.DEAD, names.suspect_queue(STAGE))]
    assert depths == [3, 1, 0, 0]


async def test_one_letter_that_the_index_cannot_keep_holds_up_none_beside_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = world.index.add

    async def fails(_: object, letters: list[Letter]) -> None:
        if any(letter.letter_id == "d1" for letter in letters):
            raise TypeError("a bug")
        await add(letters)

    monkeypatch.setattr(type(world.index), "add", fails)
    async with world.recording():
        await world.die([1])
        await world.until_depth(names.suspect_queue(STAGE), 1)
        await world.die([2])
        await world.until_indexed({"erp": 1})
