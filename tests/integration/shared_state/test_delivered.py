"""Which deliveries reached their service already."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from shared_world import MINUTE, World, a_world


@pytest.fixture
async def world(redis_url: str) -> AsyncIterator[World]:
    async with a_world(redis_url) as world:
        yield world
        assert world.state.degraded == 0


async def test_a_delivery_is_known_once_it_was_added_and_not_before(world: World) -> None:
    assert not await world.delivered.knows("d1")
    await world.delivered.add("d1")
    assert await world.delivered.knows("d1")
    assert not await world.delivered.knows("d2")


async def test_another_process_knows_it_too(world: World, redis_url: str) -> None:
    await world.delivered.add("d1")
    async with a_world(redis_url) as other:
        assert await other.delivered.knows("d1")


async def test_a_delivery_is_no_claim_of_the_same_name(world: World) -> None:
    await world.delivered.add("same")
    assert not (await world.claims.claim("same", "a", MINUTE)).is_done


async def test_many_at_once_are_all_answered(world: World) -> None:
    await asyncio.gather(*(world.delivered.add(f"d{number}") for number in range(0, 500, 2)))
    known = await asyncio.gather(*(world.delivered.knows(f"d{number}") for number in range(500)))
    assert known == [number % 2 == 0 for number in range(500)]
