"""A publish returns when the broker has the message, and says so when it has not."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module

import pytest
from broker_world import CONSUMING, PUBLISHING, World, a_wire_to, a_world
from queues import WITHIN_S, nothing_unheard

from pipeline.broker import Outgoing, open_session
from pipeline.errors import NotConfirmed, Unavailable
from topology import names


@pytest.fixture
async def world(amqp_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url) as world:
        yield world


async def a_full_queue(world: World, queue: str) -> None:
    """A queue that has one message and takes no other."""
    channel = await world.session.consuming.channel()
    await channel.declare_queue(
        queue,
        durable=True,
        arguments={"x-queue-type": "classic", "x-max-length": 1, "x-overflow": "reject-publish"},
    )
    await channel.close()
    await world.publish(queue, "first")


async def test_what_was_published_is_in_the_queue(world: World) -> None:
    await world.publish(names.INGEST, "one")
    assert await world.depth(names.INGEST) == 1
    assert await world.bodies(names.INGEST, 1) == ["one"]


async def test_a_publish_to_a_missing_queue_is_not_confirmed(world: World) -> None:
    with pytest.raises(NotConfirmed, match=r"no\.such\.queue"):
        await world.publish("no.such.queue", "one")
    await world.publish(names.INGEST, "the session goes on")
    assert not world.session.lost.is_set()


async def test_a_publish_that_a_full_queue_refuses_is_not_confirmed(world: World) -> None:
    await a_full_queue(world, "full")
    with pytest.raises(NotConfirmed, match="refused"):
        await world.publish("full", "second")
    await world.publish(names.INGEST, "the session goes on")
    assert not world.session.lost.is_set()
    assert await world.bodies("full", 1) == ["first"]


async def test_what_nobody_need_hear_may_be_unroutable(world: World) -> None:
    await world.session.publish(Outgoing(names.OUTCOMES, "delivered.erp", b"{}", mandatory=False))
    assert not world.session.lost.is_set()


async def test_a_publish_to_a_missing_exchange_ends_the_session(world: World) -> None:
    with pytest.raises(Unavailable) as refused:
        await world.session.publish(Outgoing("no.such.exchange", "key", b"{}"))
    assert not isinstance(refused.value, NotConfirmed)
    assert world.session.lost.is_set()
    with pytest.raises(Unavailable):
        await world.session.publish(Outgoing("", names.INGEST, b"too late"))


async def test_of_many_publishes_at_once_exactly_the_returned_ones_fail(world: World) -> None:
    queues = ["no.such.queue" if number % 7 == 3 else names.INGEST for number in range(500)]
    results = await asyncio.gather(
        *(world.publish(queue, str(number)) for number, queue in enumerate(queues)), return_exceptions=True
    )
    assert [isinstance(result, NotConfirmed) for result in results] == [queue != names.INGEST for queue in queues]
    wanted = {str(number) for number, queue in enumerate(queues) if queue == names.INGEST}
    assert set(await world.bodies(names.INGEST, len(wanted))) == wanted


async def test_of_many_publishes_at_once_exactly_the_refused_ones_fail(world: World) -> None:
    await a_full_queue(world, "full")
    queues = ["full" if number % 2 else names.INGEST for number in range(200)]
    results = await asyncio.gather(
        *(world.publish(queue, str(number)) for number, queue in enumerate(queues)), return_exceptions=True
    )
    assert [isinstance(result, NotConfirmed) for result in results] == [queue == "full" for queue in queues]


async def test_a_body_of_many_frames_arrives_whole(world: World) -> None:
    body = "0123456789" * 100_000
    await world.publish(names.INGEST, body)
    assert await world.bodies(names.INGEST, 1) == [body]


async def test_a_publish_that_is_cancelled_leaves_the_session_whole(world: World) -> None:
    publishes = [asyncio.create_task(world.publish(names.INGEST, str(number))) for number in range(100)]
    returned = [asyncio.create_task(world.publish("no.such.queue", str(number))) for number in range(100)]
    await asyncio.sleep(0)
    for task in (*publishes[::2], *returned):
        task.cancel()
    await asyncio.gather(*publishes, *returned, return_exceptions=True)
    assert all(not task.cancelled() and task.exception() is None for task in publishes[1::2])
    await world.publish(names.INGEST, "last")
    assert not world.session.lost.is_set()
    await world.find({str(number) for number in range(1, 100, 2)}, names.INGEST)


@pytest.mark.parametrize("connection", [PUBLISHING, CONSUMING])
async def test_every_publish_ends_when_a_connection_is_cut(amqp_url: str, connection: int) -> None:
    async with nothing_unheard(), a_world(amqp_url) as world, a_wire_to(amqp_url) as wire:
        async with open_session(wire.url, "cut") as session:
            waiting = [
                asyncio.create_task(session.publish(Outgoing("", names.INGEST, str(number).encode())))
                for number in range(500)
            ]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            wire.cut(connection)
            async with asyncio.timeout(WITHIN_S):
                results = await asyncio.gather(*waiting, return_exceptions=True)
                await session.lost.wait()
        assert all(result is None or isinstance(result, Unavailable) for result in results)
        confirmed = {str(number) for number, result in enumerate(results) if result is None}
        await world.find(confirmed, names.INGEST)


async def test_what_is_not_confirmed_in_time_ends_the_session(amqp_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("pipeline.broker.session"), "HOLD_LIMIT_S", 0.5)
    async with (
        nothing_unheard(),
        a_world(amqp_url),
        a_wire_to(amqp_url) as wire,
        open_session(wire.url, "late") as session,
    ):
        await session.publish(Outgoing("", names.INGEST, b"in time"))
        wire.passing.clear()
        publishes = (session.publish(Outgoing("", names.INGEST, b"late")) for _ in range(3))
        results = await asyncio.wait_for(asyncio.gather(*publishes, return_exceptions=True), WITHIN_S)
        assert {str(result).partition(": ")[2] for result in results} == {"TimeoutError no confirm within 0.5 s"}
        assert session.lost.is_set()
