"""A consumer that stops: no acknowledgement is lost with its channel.

RabbitMQ forgets acknowledgements of a quorum queue where more than 32 of them are on their way when the channel closes,
and what they spoke of came again.
"""

import asyncio
from collections.abc import AsyncIterator

import aiormq
import pytest
from broker_world import Taker, World, a_world, channels_of, consuming, eventually

from pipeline.broker import Incoming, consume
from topology import names

ALL = 96


@pytest.fixture
async def world(amqp_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url) as world:
        yield world


async def until_cancelled(world: World) -> None:
    channels = channels_of(world.session.consuming)
    await eventually(lambda: not any(channel.consumers for channel in channels), "the consumer is cancelled")


@pytest.mark.parametrize("_round", range(5))
async def test_all_in_hand_end_at_once_after_the_stop_and_none_comes_again(world: World, _round: int) -> None:
    go = [asyncio.Event() for _ in range(ALL)]
    taker = Taker(doing=lambda message: go[int(message.body)].wait())
    await world.publish(names.INGEST, *map(str, range(ALL)))
    async with consuming(world.session, names.INGEST, taker.take, prefetch=ALL) as until:
        await eventually(lambda: len(taker.taken) == ALL, "all are in hand")
        until.set()
        await until_cancelled(world)
        # The last first: none can be acknowledged together with another before the end.
        for event in reversed(go):
            event.set()
            await asyncio.sleep(0)
    assert await world.depth(names.INGEST) == 0


@pytest.mark.parametrize("_round", range(5))
async def test_a_stop_cut_short_returns_what_did_not_end_and_nothing_else(world: World, _round: int) -> None:
    go = asyncio.Event()

    async def all_but_each_twelfth_end(message: Incoming) -> None:
        await (asyncio.Event() if int(message.body) % 12 == 0 else go).wait()

    taker, until = Taker(doing=all_but_each_twelfth_end), asyncio.Event()
    await world.publish(names.INGEST, *map(str, range(ALL)))
    task = asyncio.create_task(
        consume(world.session, names.INGEST, taker.take, stage="ingest", prefetch=ALL, until=until)
    )
    await eventually(lambda: len(taker.taken) == ALL, "all are in hand")
    until.set()
    await until_cancelled(world)
    go.set()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    hung = [str(number) for number in range(0, ALL, 12)]
    assert sorted(await world.bodies(names.INGEST, len(hung)), key=int) == hung
    assert await world.depth(names.INGEST) == 0


async def test_acknowledgements_that_never_leave_hold_up_no_end_and_leave_nothing_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where nobody reads from the connection: what stuck in the client was left there, and a second joined it."""
    stuck = asyncio.Event()

    async def never(*_: object, **__: object) -> None:
        stuck.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(aiormq.Channel, "basic_ack", never)
    await world.publish(names.INGEST, "a")
    async with consuming(world.session, names.INGEST, Taker().take):
        await stuck.wait()
    monkeypatch.undo()
    assert await world.bodies(names.INGEST, 1) == ["a"]
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("acknowledge")]
