"""Consuming: a message is acknowledged when its take returned, and only then."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from broker_world import Taker, World, a_world, channels_of, consuming, eventually
from structlog.testing import capture_logs

from pipeline.broker import Incoming, Outgoing, consume
from pipeline.errors import NotConfirmed
from topology import names


@pytest.fixture
async def world(amqp_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url) as world:
        yield world


def numbered(count: int) -> list[str]:
    return [str(number) for number in range(count)]


async def test_everything_is_taken_once_and_the_queue_is_empty(world: World) -> None:
    taker = Taker()
    await world.publish(names.INGEST, *numbered(100))
    async with consuming(world.session, names.INGEST, taker.take):
        await eventually(lambda: len(taker.taken) == 100, "all are taken")
    assert taker.bodies == numbered(100)
    assert await world.depth(names.INGEST) == 0


async def test_no_more_are_in_hand_than_the_prefetch(world: World) -> None:
    most, in_hand, taken = 0, 0, 0

    async def take(_: Incoming) -> None:
        nonlocal most, in_hand, taken
        in_hand += 1
        most = max(most, in_hand)
        await asyncio.sleep(0.005)
        in_hand, taken = in_hand - 1, taken + 1

    await world.publish(names.INGEST, *numbered(60))
    async with consuming(world.session, names.INGEST, take, prefetch=5):
        await eventually(lambda: taken == 60, "all are taken")
    assert most == 5


async def test_a_message_is_not_acknowledged_before_its_take_returns(world: World) -> None:
    go = asyncio.Event()
    taker = Taker(doing=lambda _: go.wait())
    await world.publish(names.INGEST, *numbered(3))
    async with consuming(world.session, names.INGEST, taker.take) as until:
        await eventually(lambda: len(taker.taken) == 3, "all are in hand")
        assert await world.depth(names.INGEST) == 0
        until.set()
        go.set()
    assert await world.depth(names.INGEST) == 0
    assert len(taker.taken) == 3


async def test_a_stop_with_fifty_in_hand_settles_them_and_leaves_the_others(world: World) -> None:
    go = asyncio.Event()
    taker = Taker(doing=lambda _: go.wait())
    await world.publish(names.INGEST, *numbered(80))
    async with consuming(world.session, names.INGEST, taker.take, prefetch=50) as until:
        await eventually(lambda: len(taker.taken) == 50, "fifty are in hand")
        until.set()
        await asyncio.sleep(0)
        go.set()
    in_queue = await world.bodies(names.INGEST, 80 - len(taker.taken))
    assert sorted(taker.bodies + in_queue, key=int) == numbered(80)
    assert not world.session.lost.is_set()


async def test_a_stop_that_is_cut_short_returns_what_is_in_hand(world: World) -> None:
    taker = Taker(doing=lambda _: asyncio.Event().wait())
    await world.publish(names.INGEST, *numbered(50))
    task = asyncio.create_task(
        consume(world.session, names.INGEST, taker.take, stage="ingest", prefetch=50, until=asyncio.Event())
    )
    await eventually(lambda: len(taker.taken) == 50, "fifty are in hand")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert sorted(await world.bodies(names.INGEST, 50), key=int) == numbered(50)


async def test_a_take_that_fails_sends_its_message_to_the_suspects_and_harms_no_other(world: World) -> None:
    async def fail(message: Incoming) -> None:
        if message.body == b"bad":
            raise RuntimeError("a bug")

    taker = Taker(doing=fail)
    await world.publish(names.INGEST, "a", "bad", "b")
    async with consuming(world.session, names.INGEST, taker.take):
        assert await world.bodies(names.suspect_queue("ingest"), 1) == ["bad"]
        await world.publish(names.INGEST, "c")
        await eventually(lambda: "c" in taker.bodies, "the next is taken")
    assert taker.bodies == ["a", "bad", "b", "c"]
    assert not world.session.lost.is_set()


async def test_a_publish_that_stays_refused_returns_the_message_and_ends_no_session(world: World) -> None:
    refusals = iter([True, False])

    async def refused_once(_: Incoming) -> None:
        if next(refusals):
            raise NotConfirmed("full")

    taker = Taker(doing=refused_once)
    await world.publish(names.INGEST, "a")
    async with consuming(world.session, names.INGEST, taker.take):
        await eventually(lambda: len(taker.taken) == 2, "it is tried again")
    assert [message.returned for message in taker.taken] == [0, 1]
    assert await world.depth(names.INGEST) == 0
    assert not world.session.lost.is_set()


async def test_a_stop_while_a_publish_is_refused_returns_the_message(world: World) -> None:
    async def refused(_: Incoming) -> None:
        raise NotConfirmed("full")

    taker = Taker(doing=refused)
    await world.publish(names.INGEST, "a")
    async with consuming(world.session, names.INGEST, taker.take):
        await eventually(lambda: bool(taker.taken), "it is in hand")
    assert await world.bodies(names.INGEST, 1) == ["a"]


async def test_a_publish_that_nobody_is_bound_for_is_tried_again_until_somebody_is(world: World) -> None:
    async def forward(message: Incoming) -> None:
        await world.session.publish_patiently(Outgoing("", "later", message.body))

    taker = Taker(doing=forward)
    await world.publish(names.INGEST, "a")
    async with consuming(world.session, names.INGEST, taker.take):
        await eventually(lambda: bool(taker.taken), "it is tried")
        channel = await world.session.consuming.channel()
        await channel.declare_queue("later", durable=True)
        await channel.close()
        assert await world.bodies("later", 1) == ["a"]


async def test_a_channel_error_ends_that_channel_only_and_consuming_goes_on(world: World) -> None:
    erp, lms = Taker(), Taker()
    with capture_logs() as logs:
        await _lose_a_channel(world, erp, lms)
    assert not world.session.lost.is_set()
    # Also where nothing was in hand that could not be acknowledged any more.
    [told] = [line for line in logs if line["event"] == "channel lost"]
    assert told["queue"] == "mih.service.erp"
    assert "unknown delivery tag 4711" in told["reason"]


async def _lose_a_channel(world: World, erp: Taker, lms: Taker) -> None:
    async with consuming(world.session, "mih.service.erp", erp.take, stage="sender"):
        await world.publish("mih.service.erp", "1")
        await eventually(lambda: erp.bodies == ["1"], "the first consumer works")
        [channel] = [channel for channel in channels_of(world.session.consuming) if channel.consumers]
        async with consuming(world.session, "mih.service.lms", lms.take, stage="sender"):
            await channel.basic_ack(4711)  # unknown: 406, and the broker closes the channel
            await world.publish("mih.service.lms", "2")
            await world.publish("mih.service.erp", "3")
            # What the channel had not acknowledged yet comes again.
            await eventually(lambda: erp.bodies in (["1", "3"], ["1", "1", "3"]), "the first consumer works again")
            await eventually(lambda: lms.bodies == ["2"], "the other consumer was not disturbed")


async def test_what_was_in_hand_when_its_channel_closed_comes_again(world: World) -> None:
    go = asyncio.Event()
    taker = Taker(doing=lambda _: go.wait())
    await world.publish(names.INGEST, *numbered(20))
    async with consuming(world.session, names.INGEST, taker.take):
        await eventually(lambda: len(taker.taken) == 20, "all are in hand")
        [channel] = [channel for channel in channels_of(world.session.consuming) if channel.consumers]
        await channel.basic_ack(4711)
        await eventually(lambda: channel.is_closed, "the channel is closed")
        go.set()
        await eventually(lambda: len(taker.taken) == 40, "all come again")
    assert sorted(taker.bodies, key=int) == sorted(numbered(20) * 2, key=int)
    assert await world.depth(names.INGEST) == 0
    assert not world.session.lost.is_set()
