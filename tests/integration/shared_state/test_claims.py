"""Who has seen an event already: one claim, one id, whoever asks and however often."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from shared_world import MINUTE, World, a_world, eventually

from pipeline.shared_state import Claim


@pytest.fixture
async def world(redis_url: str) -> AsyncIterator[World]:
    async with a_world(redis_url) as world:
        yield world
        assert world.state.degraded == 0


async def test_the_first_claim_wins_and_the_next_passes_under_its_id(world: World) -> None:
    assert await world.claims.claim("order", "a", MINUTE) == Claim("a")
    assert await world.claims.claim("order", "b", MINUTE) == Claim("a")


async def test_what_went_on_is_done_for_whoever_comes_later(world: World) -> None:
    await world.claims.claim("order", "a", MINUTE)
    await world.claims.done("order", "a", MINUTE)
    assert await world.claims.claim("order", "b", MINUTE) == Claim("a", is_done=True)


async def test_another_identity_is_another_claim(world: World) -> None:
    await world.claims.done("order", "a", MINUTE)
    assert await world.claims.claim("order 2", "b", MINUTE) == Claim("b")


async def test_an_id_may_hold_whatever_separates_the_parts_of_a_claim(world: World) -> None:
    for event_id in ("a:b", "done:a", "", "ñ € \n"):
        await world.claims.claim(f"order {event_id}", event_id, MINUTE)
        assert await world.claims.claim(f"order {event_id}", "other", MINUTE) == Claim(event_id)
        await world.claims.done(f"order {event_id}", event_id, MINUTE)
        assert await world.claims.claim(f"order {event_id}", "other", MINUTE) == Claim(event_id, is_done=True)


@pytest.mark.parametrize("is_done", [False, True])
async def test_a_claim_ends_with_its_window(world: World, *, is_done: bool) -> None:
    window = timedelta(milliseconds=50)
    await world.claims.claim("order", "a", window)
    if is_done:
        await world.claims.done("order", "a", window)

    async def is_free() -> bool:
        return await world.claims.claim("order", "b", MINUTE) == Claim("b")

    await eventually(is_free, "the window ends")


async def test_a_window_below_a_millisecond_is_a_window(world: World) -> None:
    assert await world.claims.claim("order", "a", timedelta(microseconds=1)) == Claim("a")
    await world.claims.done("order", "a", timedelta(0))


async def test_what_is_done_after_its_claim_ended_is_done_all_the_same(world: World) -> None:
    await world.claims.done("order", "a", MINUTE)
    assert await world.claims.claim("order", "b", MINUTE) == Claim("a", is_done=True)


async def test_no_claim_is_kept_for_ever(world: World, redis_url: str) -> None:
    await world.claims.claim("in flight", "a", MINUTE)
    await world.claims.done("done", "a", MINUTE)
    async with Redis.from_url(redis_url) as redis:
        assert all([0 < await redis.ttl(key) <= 86_400 for key in await redis.keys("mih:*")])
        assert await redis.dbsize() == 2


async def test_w5_of_fifty_claims_at_once_all_have_one_id(world: World) -> None:
    claims = await asyncio.gather(*(world.claims.claim("order", f"id-{number}", MINUTE) for number in range(50)))
    assert len({claim.id for claim in claims}) == 1
    assert not any(claim.is_done for claim in claims)


async def test_two_processes_share_their_claims(world: World, redis_url: str) -> None:
    async with a_world(redis_url) as other:
        mine, theirs = await asyncio.gather(
            world.claims.claim("order", "mine", MINUTE), other.claims.claim("order", "theirs", MINUTE)
        )
        assert mine == theirs


async def test_more_claims_at_once_than_a_prefetch_are_all_answered(world: World) -> None:
    claims = await asyncio.gather(*(world.claims.claim(f"order {n}", f"id-{n}", MINUTE) for n in range(500)))
    assert [claim.id for claim in claims] == [f"id-{n}" for n in range(500)]
    assert world.state.degraded == 0


async def test_a_redis_that_forgot_its_scripts_is_taught_again(world: World, redis_url: str) -> None:
    await world.claims.claim("order", "a", MINUTE)
    async with Redis.from_url(redis_url) as redis:
        await redis.script_flush()
    assert await world.claims.claim("order", "b", MINUTE) == Claim("a")


async def test_a_question_that_is_cancelled_leaves_no_answer_for_the_next(world: World) -> None:
    for number in range(50):
        asked = asyncio.create_task(world.claims.claim(f"cancelled {number}", "cancelled", MINUTE))
        for _ in range(number % 10):
            await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        assert await world.claims.claim(f"order {number}", f"id-{number}", MINUTE) == Claim(f"id-{number}")
