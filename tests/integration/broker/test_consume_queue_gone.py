"""A queue that is missing, or goes away while it is consumed, is waited for."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module

import pytest
from broker_world import Taker, World, a_world, channels_of, consuming, eventually

QUEUE = "mih.service.new"


@pytest.fixture
async def world(amqp_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    module = import_module("pipeline.broker.consume")
    monkeypatch.setattr(module, "_MISSING_WAIT_S", 0.2)
    monkeypatch.setattr(module, "_REOPEN_WAIT_S", 0.1)
    async with a_world(amqp_url) as world:
        yield world


async def declare(world: World) -> None:
    async with await world.session.consuming.channel() as channel:
        await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})


async def delete(world: World) -> None:
    """Delete, and let its consumer hear of it: RabbitMQ 3.10 gets lost where the queue is there again at once."""
    consumed = [channel for channel in channels_of(world.session.consuming) if channel.consumers]
    async with await world.session.consuming.channel() as channel:
        await channel.queue_delete(QUEUE)
    await eventually(lambda: not all(channel.consumers for channel in consumed), "the broker cancels the consumer")


async def test_consuming_starts_once_the_queue_is_declared(world: World) -> None:
    taker = Taker()
    async with consuming(world.session, QUEUE, taker.take, stage="sender"):
        await asyncio.sleep(0.5)
        await declare(world)
        await world.publish(QUEUE, "a")
        await eventually(lambda: taker.bodies == ["a"], "it is taken")
    assert not world.session.lost.is_set()


async def test_a_stop_is_heard_while_the_queue_is_missing(world: World) -> None:
    async with consuming(world.session, QUEUE, Taker().take, stage="sender"):
        await asyncio.sleep(0.3)
    assert not world.session.lost.is_set()


async def test_consuming_resumes_when_a_deleted_queue_is_declared_again(world: World) -> None:
    taker = Taker()
    await declare(world)
    async with consuming(world.session, QUEUE, taker.take, stage="sender"):
        await world.publish(QUEUE, "a")
        await eventually(lambda: taker.bodies == ["a"], "the first is taken")
        await delete(world)
        await asyncio.sleep(0.5)
        await declare(world)
        await world.publish(QUEUE, "b")
        await eventually(lambda: taker.bodies == ["a", "b"], "the next is taken")
    assert await world.depth(QUEUE) == 0
    assert not world.session.lost.is_set()


async def test_a_queue_deleted_with_messages_in_hand_harms_nobody_else(world: World) -> None:
    go = asyncio.Event()
    taker, other = Taker(doing=lambda _: go.wait()), Taker()
    await declare(world)
    await world.publish(QUEUE, "a", "b")
    async with (
        consuming(world.session, QUEUE, taker.take, stage="sender"),
        consuming(world.session, "mih.service.erp", other.take, stage="sender"),
    ):
        await eventually(lambda: len(taker.taken) == 2, "both are in hand")
        await delete(world)
        await declare(world)
        go.set()
        await world.publish(QUEUE, "c")
        await world.publish("mih.service.erp", "d")
        await eventually(lambda: taker.bodies == ["a", "b", "c"], "the new queue is consumed")
        await eventually(lambda: other.bodies == ["d"], "the other queue is consumed")
    assert not world.session.lost.is_set()
