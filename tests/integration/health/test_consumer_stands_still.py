"""A consumer in which nothing moves though something should is opened anew, and it is said."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import pytest
from queues import WITHIN_S, Queues, nothing_unheard, until, without_ladder

from pipeline.broker import Incoming, Outgoing, Take, consume, open_session
from pipeline.broker.consume import SUSPECT_AFTER
from pipeline.health.conditions import standing
from pipeline.health.metrics import METRICS
from topology import names
from topology.declare import declare
from topology.entities import topology_of

QUEUE = "mih.service.erp"


class World(Queues):
    """A session that consumes, and looks on."""

    async def publish(self, *bodies: str) -> None:
        for body in bodies:
            await self.session.publish(Outgoing("", QUEUE, body.encode()))

    def _channels(self) -> list[Any]:
        connection: Any = self.session.consuming
        return list(connection.transport.connection.channels.values())

    def tags(self) -> list[str]:
        """The consumers that the client library knows of."""
        return [tag for channel in self._channels() for tag in getattr(channel, "consumers", ())]

    async def cancel_behind_its_back(self) -> None:
        for channel in self._channels():
            for tag in list(getattr(channel, "consumers", ())):
                await channel.basic_cancel(tag)

    @asynccontextmanager
    async def consuming(self, take: Take, *, queue: str = QUEUE, prefetch: int = 10) -> AsyncIterator[asyncio.Event]:
        stop = asyncio.Event()
        task = asyncio.create_task(consume(self.session, queue, take, stage="sender", prefetch=prefetch, until=stop))
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(task, WITHIN_S)


class Taker:
    """Takes messages, remembers them, and does something with each."""

    def __init__(self, doing: Callable[[int], Any] | None = None) -> None:
        self.bodies: list[str] = []
        self.doing = doing

    async def take(self, message: Incoming) -> None:
        self.bodies.append(message.body.decode())
        if self.doing:
            await self.doing(len(self.bodies))


@pytest.fixture
async def world(amqp_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    module = import_module("pipeline.broker.consume")
    monkeypatch.setattr(module, "_LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(module, "_STUCK_AFTER_S", 2)
    await asyncio.to_thread(declare, amqp_url, without_ladder(topology_of(["erp"])))
    async with nothing_unheard(), open_session(amqp_url, "test") as session:
        yield World(session)


def mended() -> float:
    return METRICS.get_sample_value("mih_consumers_mended_total", {"queue": QUEUE}) or 0


def in_hand() -> float:
    return METRICS.get_sample_value("mih_in_hand", {"queue": QUEUE}) or 0


async def eventually(condition: Callable[[], bool], what: str) -> None:
    await until(condition, lambda: f"in vain: {what}")


async def test_a_consumer_that_is_gone_without_a_word_is_noticed_by_what_waits(world: World) -> None:
    before, taker = mended(), Taker()
    async with world.consuming(taker.take):
        await eventually(lambda: len(world.tags()) == 1, "it is consumed")
        await world.cancel_behind_its_back()
        await world.publish("a", "b")
        await eventually(lambda: taker.bodies == ["a", "b"], "both are taken after all")
    assert mended() == before + 1
    assert not world.session.lost.is_set()


async def test_messages_of_which_none_ends_are_let_go_and_come_again(world: World) -> None:
    async def hang(number: int) -> None:
        if number <= 2:
            await asyncio.Event().wait()

    before, taker = mended(), Taker(hang)
    await world.publish("a", "b", "c")
    async with world.consuming(taker.take, prefetch=2):
        await eventually(lambda: taker.bodies == ["a", "b"], "as much is in hand as may be")
        assert in_hand() == 2
        await eventually(lambda: sorted(taker.bodies[2:]) == ["a", "b", "c"], "all come again")
    assert await world.depth(QUEUE) == 0
    assert (mended(), in_hand()) == (before + 1, 0)
    assert not world.session.lost.is_set()


async def test_a_message_with_which_nobody_ever_ends_goes_to_the_suspects_and_holds_up_no_other(world: World) -> None:
    async def hang(_: int) -> None:
        if taker.bodies[-1] == "endless":
            await asyncio.Event().wait()

    before, taker = mended(), Taker(hang)
    await world.publish("endless", "a", "b")
    async with world.consuming(taker.take, prefetch=1):
        await world.until_depth(names.suspect_queue("sender"), 1)
        await eventually(lambda: {"a", "b"} <= {*taker.bodies}, "the others are taken")
    assert taker.bodies.count("endless") == SUSPECT_AFTER
    assert mended() == before + SUSPECT_AFTER
    assert await world.depth(QUEUE) == 0


async def test_a_slow_consumer_in_which_something_moves_is_left_alone(world: World) -> None:
    async def slowly(_: int) -> None:
        # Longer than a look, shorter than what counts as stuck.
        await asyncio.sleep(0.5)

    before, taker = mended(), Taker(slowly)
    await world.publish(*"abcdef")
    async with world.consuming(taker.take, prefetch=1):
        await eventually(lambda: len(taker.bodies) == 6, "all are taken")
    assert taker.bodies == [*"abcdef"]
    assert mended() == before


async def test_a_consumer_that_has_nothing_to_do_is_left_alone(world: World) -> None:
    before = mended()
    async with world.consuming(Taker().take):
        await eventually(lambda: len(world.tags()) == 1, "it is consumed")
        tags = world.tags()
        # Many looks.
        await asyncio.sleep(2)
        assert world.tags() == tags
    assert mended() == before


async def test_a_queue_that_is_not_consumed_makes_its_role_unready(world: World) -> None:
    async with world.consuming(Taker().take, queue="mih.service.none") as stop:
        await eventually(lambda: standing().missing == ("mih.service.none is not consumed",), "it is said")
        stop.set()
    assert standing().missing == ()
