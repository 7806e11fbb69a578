"""What can wait a moment is written with what cannot, or by itself; it is confirmed either way."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from broker_world import World, a_world

from pipeline.broker import Outgoing
from pipeline.broker.wire import publisher
from pipeline.errors import Unavailable
from topology import names

FOREVER_S = 3600
BOUND_S = 10


@pytest.fixture
async def world(amqp_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url) as world:
        yield world


def message(number: int) -> Outgoing:
    return Outgoing("", names.INGEST, str(number).encode())


async def test_it_is_written_by_itself_where_nothing_else_is(world: World) -> None:
    async with asyncio.timeout(BOUND_S):
        for number in range(3):
            await world.session.publish(message(number), can_wait=True)
    assert await world.bodies(names.INGEST, 3) == ["0", "1", "2"]


async def test_it_is_written_with_what_cannot_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "_PATIENCE_S", FOREVER_S)
    async with asyncio.timeout(BOUND_S):
        patient = [asyncio.create_task(world.session.publish(message(number), can_wait=True)) for number in range(3)]
        await asyncio.sleep(0)
        await world.session.publish(message(3))
        await asyncio.gather(*patient)
    assert await world.bodies(names.INGEST, 4) == ["0", "1", "2", "3"]


async def test_it_is_told_when_the_session_ends_before_its_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "_PATIENCE_S", FOREVER_S)
    patient = asyncio.create_task(world.session.publish(message(0), can_wait=True))
    await asyncio.sleep(0)
    await world.session.publishing.close()
    async with asyncio.timeout(BOUND_S):
        with pytest.raises(Unavailable):
            await patient
