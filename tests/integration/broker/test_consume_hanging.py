"""An attempt that hangs must not hold up the next session, which serves all the others."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from broker_world import Taker, World, a_world, consuming, eventually
from queues import WITHIN_S

from pipeline.broker import Incoming
from topology import names


@pytest.fixture
async def world(amqp_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url) as world:
        yield world


async def test_what_hangs_when_the_session_is_lost_is_let_go_and_comes_again(world: World) -> None:
    async def hang(_: Incoming) -> None:
        await asyncio.Event().wait()

    taker = Taker(doing=hang)
    await world.publish(names.INGEST, "a")
    async with asyncio.timeout(WITHIN_S), consuming(world.session, names.INGEST, taker.take):
        await eventually(lambda: taker.bodies == ["a"], "it is in hand")
        world.session.lost.set()
    assert await world.bodies(names.INGEST, 1) == ["a"]
