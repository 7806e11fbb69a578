"""One access token for all senders: fetched by one of them, and unreadable in Redis."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis
from token_world import SECRET, TokenWorld, a_sender, a_token_world, attempted

from pipeline.outcome import Ending
from pipeline.shared_state import open_shared_state
from pipeline.shared_state.tokens import Fetch, Kept, Tokens, Wait

_HANGS_S = 60


@pytest.fixture
async def world() -> AsyncIterator[TokenWorld]:
    async with a_token_world() as world:
        yield world


async def _kept(redis_url: str) -> dict[bytes, Any]:
    async with Redis.from_url(redis_url) as redis:
        return {key: await redis.get(key) async for key in redis.scan_iter()}


async def _process(redis_url: str, world: TokenWorld, times: int, within: str = "20s") -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).with_name("sending_process.py"))),
        *(redis_url, orjson.dumps({**world.entry(), "timeout": within}).decode(), str(times)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), _HANGS_S) == b"ready\n"
    return process


async def _until_asked(world: TokenWorld) -> None:
    async with asyncio.timeout(_HANGS_S):
        while world.issued == 0:  # noqa: ASYNC110 - what is awaited happens on a socket, unannounced
            await asyncio.sleep(0.01)


async def test_of_three_processes_with_four_attempts_each_one_fetches_the_token(
    world: TokenWorld, redis_url: str
) -> None:
    processes = await asyncio.gather(*(_process(redis_url, world, 4) for _ in range(3)))
    async with asyncio.timeout(_HANGS_S):
        printed = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [out.split() for out, _ in printed] == [[b"delivered"] * 4] * 3
    assert world.issued == 1
    assert world.shown == ["issued-token-1"] * 12


async def test_a_token_that_is_withdrawn_is_fetched_once_more_for_all(world: TokenWorld, redis_url: str) -> None:
    async with AsyncExitStack() as stack:
        senders = [await stack.enter_async_context(a_sender(redis_url, world.entry())) for _ in range(3)]
        for sender in senders:
            await attempted(sender)
        world.good.clear()
        endings = await asyncio.gather(*(attempted(sender, 4) for sender in senders))
    assert endings == [[Ending.DELIVERED] * 4] * 3
    assert world.issued == 2


async def test_redis_shows_neither_token_nor_secret(world: TokenWorld, redis_url: str) -> None:
    async with a_sender(redis_url, world.entry()) as sender:
        await attempted(sender)
    kept = await _kept(redis_url)
    [sealed] = [value for key, value in kept.items() if key.startswith(b"mih:token:")]
    everything = b" ".join([*kept, *kept.values()])
    assert not [hidden for hidden in ("issued-token-1", SECRET, world.url) if hidden.encode() in everything]
    assert len(sealed) == 12 + len("issued-token-1") + 16, "a nonce, as much as was sealed, and a tag"


async def test_a_token_is_kept_until_shortly_before_it_expires(world: TokenWorld, redis_url: str) -> None:
    async with a_sender(redis_url, world.entry()) as sender:
        await attempted(sender)
    async with Redis.from_url(redis_url) as redis:
        [key] = [key async for key in redis.scan_iter("mih:token:*")]
        assert 3500 < await redis.ttl(key) <= 3570


@pytest.mark.parametrize("instead", [b"", b"nonsense", b"x" * 64])
async def test_what_is_no_token_of_ours_is_fetched_anew(world: TokenWorld, redis_url: str, instead: bytes) -> None:
    async with a_sender(redis_url, world.entry()) as sender:
        await attempted(sender)
    async with Redis.from_url(redis_url) as redis:
        [key] = await _kept(redis_url)
        await redis.set(key, instead)
    async with a_sender(redis_url, world.entry()) as sender:
        assert await attempted(sender) == [Ending.DELIVERED]
    async with a_sender(redis_url, world.entry()) as sender:
        assert await attempted(sender) == [Ending.DELIVERED]
    assert world.shown == ["issued-token-1", "issued-token-2", "issued-token-2"]


async def test_with_another_secret_there_is_another_token(world: TokenWorld, redis_url: str) -> None:
    for secret in (SECRET, "another", SECRET):
        async with a_sender(redis_url, world.entry(), secret) as sender:
            await attempted(sender)
    assert world.shown == ["issued-token-1", "issued-token-2", "issued-token-1"]


async def test_a_sender_that_ends_while_it_fetches_leaves_it_to_the_next(world: TokenWorld, redis_url: str) -> None:
    world.gate.clear()
    async with a_sender(redis_url, world.entry()) as first, a_sender(redis_url, world.entry()) as second:
        fetching = asyncio.create_task(attempted(first))
        await _until_asked(world)
        waiting = asyncio.create_task(attempted(second))
        fetching.cancel()
        await asyncio.wait([fetching], timeout=_HANGS_S)
        world.gate.set()
        assert await waiting == [Ending.DELIVERED]
    assert world.issued == 2


async def test_a_sender_that_is_killed_while_it_fetches_costs_the_others_no_attempt(
    world: TokenWorld, redis_url: str
) -> None:
    """Its lease outlived the timeout of everybody who waited for it."""
    world.gate.clear()
    entry = {**world.entry(), "timeout": "3s"}
    process = await _process(redis_url, world, 1, within="3s")
    assert process.stdin is not None
    process.stdin.write(b"go\n")
    await _until_asked(world)
    process.kill()
    world.gate.set()
    async with a_sender(redis_url, entry) as sender:
        assert await attempted(sender) == [Ending.DELIVERED]
    await process.wait()


async def test_a_sender_that_waits_for_the_token_of_another_can_be_closed(world: TokenWorld, redis_url: str) -> None:
    world.gate.clear()
    async with a_sender(redis_url, world.entry()) as first, a_sender(redis_url, world.entry()) as second:
        fetching = asyncio.create_task(attempted(first))
        await _until_asked(world)
        waiting = asyncio.create_task(attempted(second))
        await asyncio.sleep(0)
        await second.close()
        assert await waiting == [Ending.MAY_PASS]
        world.gate.set()
        assert await fetching == [Ending.DELIVERED]
    assert world.issued == 1


async def test_who_was_cut_off_while_it_took_the_lease_has_it(redis_url: str) -> None:
    """It waited for itself until the lease was over."""
    async with open_shared_state(redis_url, lambda: 0.0) as state:
        tokens = Tokens(state)
        assert await tokens.take("t", "cut off", other_than=b"", lease_ms=60_000) == Fetch()
        assert await tokens.take("t", "cut off", other_than=b"", lease_ms=60_000) == Fetch()
        assert await tokens.take("t", "other", other_than=b"", lease_ms=60_000) == Wait()


async def test_a_lease_is_one_s_own_and_ends_by_itself(redis_url: str) -> None:
    async with open_shared_state(redis_url, lambda: 0.0) as state:
        tokens = Tokens(state)
        assert await tokens.take("t", "died", other_than=b"", lease_ms=60_000) == Fetch()
        assert await tokens.take("t", "other", other_than=b"", lease_ms=60_000) == Wait()
        await tokens.settle("t", "other", None)
        assert await tokens.take("t", "other", other_than=b"", lease_ms=60_000) == Wait()
        async with Redis.from_url(redis_url) as redis:
            assert 59_000 < await redis.pttl("mih:token:t:lease") <= 60_000
            await redis.delete("mih:token:t:lease")
        assert await tokens.take("t", "other", other_than=b"", lease_ms=60_000) == Fetch()
        await tokens.settle("t", "other", Kept(b"sealed", 60_000))
        assert isinstance(await tokens.take("t", "third", other_than=b"", lease_ms=60_000), Kept)
        assert await tokens.take("t", "third", other_than=b"sealed", lease_ms=60_000) == Fetch()
