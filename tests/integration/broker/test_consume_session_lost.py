"""A session that is lost gives everything in hand back, at once, and says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from broker_world import CONSUMING, PUBLISHING, Taker, Wire, World, a_wire_to, a_world, consuming, eventually
from queues import WITHIN_S

from pipeline.broker import Incoming, Session, consume, moved, open_getter, open_session
from pipeline.errors import Unavailable
from topology import names

COUNT = 50
BODIES = {str(number) for number in range(COUNT)}


@pytest.fixture
async def world(amqp_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url) as world:
        yield world


@asynccontextmanager
async def fragile(world: World) -> AsyncIterator[tuple[Session, Wire]]:
    """A second session, on a wire that can be cut; the first one looks on."""
    async with a_wire_to(world.url) as wire, open_session(wire.url, "fragile") as session:
        yield session, wire


async def test_what_was_in_hand_when_the_consuming_connection_is_cut_comes_again(world: World) -> None:
    await world.publish(names.INGEST, *BODIES)
    go = asyncio.Event()
    taker, again = Taker(doing=lambda _: go.wait()), Taker()
    async with fragile(world) as (session, wire), consuming(session, names.INGEST, taker.take):
        await eventually(lambda: len(taker.taken) == COUNT, "all are in hand")
        wire.cut(CONSUMING)
        await asyncio.wait_for(session.lost.wait(), WITHIN_S)
        go.set()
    async with consuming(world.session, names.INGEST, again.take):
        await eventually(lambda: len(again.taken) == COUNT, "all come again")
    assert set(taker.bodies) == set(again.bodies) == BODIES
    assert {message.returned for message in again.taken} == {1}
    assert await world.depth(names.INGEST) == 0


async def test_what_was_taken_when_the_publishing_connection_is_cut_is_still_acknowledged(world: World) -> None:
    await world.publish(names.INGEST, *BODIES)
    go = asyncio.Event()
    taker = Taker(doing=lambda _: go.wait())
    async with fragile(world) as (session, wire):
        async with consuming(session, names.INGEST, taker.take):
            await eventually(lambda: len(taker.taken) == COUNT, "all are in hand")
            wire.cut(PUBLISHING)
            await asyncio.wait_for(session.lost.wait(), WITHIN_S)
            go.set()
        assert session.consuming.transport is not None
    async with consuming(world.session, names.INGEST, taker.take):
        await world.publish(names.INGEST, "last")
        await eventually(lambda: "last" in taker.bodies, "the last is taken")
    assert len(taker.taken) == COUNT + 1


async def test_acknowledgements_that_meet_the_cut_hold_nothing_up(world: World) -> None:
    """More of them at once than the client's write queue holds, just as the connection goes."""
    count = 200
    await world.publish(names.INGEST, *map(str, range(count)))
    go = asyncio.Event()
    taker = Taker(doing=lambda _: go.wait())
    async with fragile(world) as (session, wire), consuming(session, names.INGEST, taker.take, prefetch=count):
        await eventually(lambda: len(taker.taken) == count, "all are in hand")
        wire.cut(CONSUMING)
        go.set()
    assert set(await world.bodies(names.INGEST, count)) == set(map(str, range(count)))


async def test_a_take_that_finds_the_broker_away_ends_the_session_and_its_message_comes_back(world: World) -> None:
    async def away(_: Incoming) -> None:
        raise Unavailable("away")

    await world.publish(names.INGEST, "a")
    async with fragile(world) as (session, _), consuming(session, names.INGEST, Taker(doing=away).take):
        await asyncio.wait_for(session.lost.wait(), WITHIN_S)
    [message] = await world.drained(names.INGEST, 1)
    assert (message.body, message.returned) == (b"a", 1)


async def test_publishes_in_takes_that_meet_the_cut_return_their_messages(world: World) -> None:
    await world.publish(names.INGEST, *BODIES)
    async with fragile(world) as (session, wire):

        async def forward(message: Incoming) -> None:
            if message.body == b"25":
                wire.cut(PUBLISHING)
            await session.publish(moved(message, "", names.ROUTER))

        async with consuming(session, names.INGEST, forward):
            await asyncio.wait_for(session.lost.wait(), WITHIN_S)
    await world.find(BODIES, names.INGEST, names.ROUTER)


async def test_nothing_is_consumed_in_a_session_that_is_lost_already(world: World) -> None:
    taker = Taker()
    await world.publish(names.INGEST, *BODIES)
    async with fragile(world) as (session, wire):
        wire.cut()
        await asyncio.wait_for(session.lost.wait(), WITHIN_S)
        async with consuming(session, names.INGEST, taker.take):
            pass
    assert not taker.taken


async def test_a_broker_that_hangs_up_between_two_frames_is_unavailable_to_all_who_wait(world: World) -> None:
    """The client library has no word for that; two rounds, since it may also be told as a reset."""
    await world.publish(names.INGEST, *map(str, range(300)))
    for _ in range(2):
        async with fragile(world) as (session, wire):
            ends = await asyncio.wait_for(_while_the_broker_hangs_up(session, wire), WITHIN_S)
        assert [type(end) for end in ends] == [type(None), Unavailable]
        assert session.lost.is_set()


async def _while_the_broker_hangs_up(session: Session, wire: Wire) -> list[BaseException | None]:
    delivering, ended = asyncio.Event(), asyncio.Event()

    async def take(_: Incoming) -> None:
        delivering.set()
        await ended.wait()

    async def get() -> None:
        try:
            async with open_getter(session) as getter:
                while True:
                    await getter.get(names.ROUTER)
        finally:
            ended.set()

    working = asyncio.gather(
        consume(session, names.INGEST, take, stage="ingest", prefetch=300, until=asyncio.Event()),
        get(),
        return_exceptions=True,
    )
    await delivering.wait()
    wire.hang_up()
    return list(await working)


async def test_a_connection_that_just_closed_is_no_bug(world: World) -> None:
    """The connection is gone, and the word of it is still on its way to the session."""
    async with fragile(world) as (session, wire):
        assert session.consuming.transport is not None
        connection = session.consuming.transport.connection
        wire.cut(CONSUMING)
        while not connection.is_closed:  # noqa: ASYNC110 - no moment later than this one
            await asyncio.sleep(0)
        assert not session.lost.is_set()
        with pytest.raises(Unavailable):
            async with open_getter(session):
                pass
        await consume(session, names.INGEST, Taker().take, stage="ingest", prefetch=1, until=asyncio.Event())
        assert session.lost.is_set()
