"""One session after another: the broker goes, is away, falls silent, and comes back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import pytest
from broker_world import CONSUMING, PUBLISHING, Taker, a_wire_to, a_world, eventually
from queues import WITHIN_S, nothing_unheard, without_ladder

from pipeline.broker import Outgoing, Session, consume, open_getter, open_session, run_sessions
from pipeline.embedded import DockerRabbit, PrivateRabbit
from pipeline.errors import Unavailable
from topology import names
from topology.declare import declare
from topology.entities import topology_of

NOBODY = "amqp://guest:guest@127.0.0.1:1/"


@asynccontextmanager
async def sessions(
    url: str, work: Callable[[Session, asyncio.Event], Coroutine[Any, Any, None]]
) -> AsyncIterator[asyncio.Event]:
    """Run sessions while inside; they must still run at the end, and stop when told."""
    stopping = asyncio.Event()
    task = asyncio.create_task(run_sessions(url, "test", lambda session: work(session, stopping), stopping=stopping))
    try:
        yield stopping
        assert not task.done()
    finally:
        stopping.set()
        async with asyncio.timeout(WITHIN_S):
            await task


async def test_a_broker_that_is_killed_and_comes_back_is_connected_to_again(
    rabbit: PrivateRabbit | DockerRabbit,
) -> None:
    await asyncio.to_thread(declare, rabbit.amqp_url, without_ladder(topology_of([])))
    taker = Taker()

    async def work(session: Session, stopping: asyncio.Event) -> None:
        async def forward() -> None:
            for number in range(10_000):
                await session.publish(Outgoing("", names.INGEST, str(number).encode()))

        publishing = asyncio.create_task(forward())
        await consume(session, names.INGEST, taker.take, stage="ingest", prefetch=20, until=stopping)
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)

    async with nothing_unheard(), sessions(rabbit.amqp_url, work):
        await eventually(lambda: len(taker.taken) > 50, "the road works")
        await asyncio.to_thread(rabbit.kill)
        await asyncio.to_thread(rabbit.start)
        before = len(taker.taken)
        await eventually(lambda: len(taker.taken) > before + 50, "the road works again", 60)


async def test_a_stop_while_the_broker_is_away_is_heard() -> None:
    async def work(_: Session, __: asyncio.Event) -> None:
        pytest.fail("there is nobody to connect to")

    async with nothing_unheard(), sessions(NOBODY, work):
        await asyncio.sleep(0.5)


async def test_a_broker_that_is_away_at_the_start_is_waited_for(amqp_url: str) -> None:
    connected = asyncio.Event()

    async def work(session: Session, stopping: asyncio.Event) -> None:
        connected.set()
        await asyncio.wait_for(stopping.wait(), WITHIN_S)
        assert not session.lost.is_set()

    async with nothing_unheard(), a_wire_to(amqp_url) as wire:
        wire.is_open = False
        async with sessions(wire.url, work):
            await eventually(lambda: len(wire.pairs) > 1, "it tried more than once")
            assert not connected.is_set()
            wire.is_open = True
            await asyncio.wait_for(connected.wait(), WITHIN_S)


async def test_a_session_says_unavailable_where_there_is_no_broker() -> None:
    async with nothing_unheard():
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
            async with open_session(NOBODY, "test"):
                pass


@pytest.mark.parametrize("connection", [PUBLISHING, CONSUMING])
async def test_a_connection_that_is_cut_while_a_session_opens_is_unavailable(amqp_url: str, connection: int) -> None:
    async with nothing_unheard():
        for ticks in range(0, 60, 3):
            async with a_wire_to(amqp_url) as wire:
                cutting = asyncio.create_task(_cut_during_the_second_connect(wire, connection, ticks))
                try:
                    async with asyncio.timeout(WITHIN_S), open_session(wire.url, "test") as session:
                        await session.lost.wait()
                except Unavailable:
                    pass
                await cutting


async def _cut_during_the_second_connect(wire: Any, connection: int, ticks: int) -> None:
    await eventually(lambda: len(wire.pairs) == 2, "both connections are made")
    for _ in range(ticks):
        await asyncio.sleep(0)
    wire.cut(connection)


async def test_a_broker_that_falls_silent_is_unavailable_to_all_who_wait(
    amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("pipeline.broker.session"), "HEARTBEAT_S", 1)
    async with a_world(amqp_url) as world, a_wire_to(amqp_url) as wire, open_session(wire.url, "silent") as session:
        async with open_getter(session) as getter:
            wire.passing.clear()
            results = await asyncio.wait_for(
                asyncio.gather(
                    session.publish(Outgoing("", names.INGEST, b"a")),
                    getter.get(names.INGEST),
                    getter.depth(names.INGEST),
                    consume(session, names.INGEST, Taker().take, stage="ingest", prefetch=1, until=asyncio.Event()),
                    return_exceptions=True,
                ),
                60,
            )
        assert [type(result) for result in results] == [Unavailable, Unavailable, Unavailable, type(None)]
        assert session.lost.is_set()
        await world.publish(names.INGEST, "another session goes on")


async def test_a_session_ends_though_nobody_reads_what_it_wrote(amqp_url: str) -> None:
    async with a_world(amqp_url), a_wire_to(amqp_url) as wire:
        async with asyncio.timeout(WITHIN_S), open_session(wire.url, "unread") as session:
            wire.passing.clear()
            large = Outgoing("", names.INGEST, bytes(10_000_000))
            publishes = [asyncio.create_task(session.publish(large)) for _ in range(4)]
            await asyncio.wait(publishes, timeout=0.5)
        for publish in publishes:
            publish.cancel()
        await asyncio.gather(*publishes, return_exceptions=True)
