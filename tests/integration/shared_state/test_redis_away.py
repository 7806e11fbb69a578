"""Without Redis, slow or refusing, everything passes: counted, told, and asked again after a second."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis
from shared_world import MINUTE, World, a_world, eventually
from structlog.testing import capture_logs

from pipeline.embedded import DockerRedis, PrivateRedis
from pipeline.shared_state import Claim

OwnRedis = PrivateRedis | DockerRedis
#: Seconds within which every question has its answer; far more than it may take.
BOUND_S = 10


@pytest.fixture
async def world(redis_server: OwnRedis) -> AsyncIterator[World]:
    async with a_world(redis_server.redis_url) as world:
        yield world


@asynccontextmanager
async def a_peer(answer: bytes, every_s: float | None = None) -> AsyncIterator[str]:
    """Somebody at a Redis address who writes this, byte by byte where a time is given, or nothing at all."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(65536) and answer:
                for byte in answer:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(every_s or 0)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        server.close()


async def everything_passes(world: World) -> None:
    async with asyncio.timeout(BOUND_S):
        assert await world.claims.claim("order", "mine", MINUTE) == Claim("mine")
        world.pass_time()
        await world.claims.done("order", "mine", MINUTE)
        world.pass_time()


async def test_a_redis_that_is_killed_lets_everything_pass_and_is_counted(world: World, redis_server: OwnRedis) -> None:
    await world.claims.done("order", "theirs", MINUTE)
    await asyncio.to_thread(redis_server.kill)
    await everything_passes(world)
    assert world.state.degraded == 2


async def test_a_redis_that_comes_back_is_asked_again_after_a_second(world: World, redis_server: OwnRedis) -> None:
    with capture_logs() as logs:
        await asyncio.to_thread(redis_server.kill)
        assert await world.claims.claim("order", "a", MINUTE) == Claim("a")
        await asyncio.to_thread(redis_server.start)
        assert await world.claims.claim("order", "b", MINUTE) == Claim("b"), "it is left in peace for a second"
        world.pass_time()
        assert await world.claims.claim("order", "c", MINUTE) == Claim("c")
        assert await world.claims.claim("order", "d", MINUTE) == Claim("c")
    assert world.state.degraded == 2
    assert [entry["event"] for entry in logs] == ["redis away: repeats may pass", "redis back"]


async def test_a_redis_that_stays_away_is_told_once(world: World, redis_server: OwnRedis) -> None:
    with capture_logs() as logs:
        await asyncio.to_thread(redis_server.kill)
        await everything_passes(world)
    assert [entry["log_level"] for entry in logs] == ["warning"]
    assert "redis" in logs[0]["event"]


async def test_many_questions_at_once_to_a_redis_that_dies_are_all_answered(
    world: World, redis_server: OwnRedis
) -> None:
    asked = [asyncio.create_task(world.claims.claim(f"order {n}", f"id-{n}", MINUTE)) for n in range(300)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.to_thread(redis_server.kill)
    async with asyncio.timeout(BOUND_S):
        claims = await asyncio.gather(*asked)
    assert [claim.id for claim in claims] == [f"id-{n}" for n in range(300)]


async def test_a_redis_that_pauses_is_not_waited_for(world: World, redis_server: OwnRedis) -> None:
    await world.claims.done("order", "theirs", MINUTE)
    async with Redis.from_url(redis_server.redis_url) as redis:
        await redis.client_pause(BOUND_S * 2_000, all=True)
    async with asyncio.timeout(BOUND_S):
        claims = await asyncio.gather(*(world.claims.claim("order", "mine", MINUTE) for _ in range(200)))
    assert set(claims) == {Claim("mine")}
    assert world.state.degraded == 200


@pytest.mark.parametrize(
    ("answer", "every_s"),
    [(b"", None), (b"$1000000\r\n" + b"a" * 1000, 0.1), (b"nonsense\r\n", None)],
    ids=["says nothing", "never ends an answer", "is no Redis"],
)
async def test_a_peer_that_is_no_working_redis_is_not_waited_for(answer: bytes, every_s: float | None) -> None:
    async with a_peer(answer, every_s) as url, a_world(url) as world:
        await everything_passes(world)
        assert world.state.degraded == 2


async def test_a_redis_that_is_full_lets_everything_pass_and_still_answers_what_it_knows(
    world: World, redis_server: OwnRedis
) -> None:
    await world.claims.done("known", "theirs", MINUTE)
    async with Redis.from_url(redis_server.redis_url) as redis:
        await redis.config_set("maxmemory", 1)
        assert await world.claims.claim("new", "mine", MINUTE) == Claim("mine")
        world.pass_time()
        await world.claims.done("new", "mine", MINUTE)
        world.pass_time()
        assert world.state.degraded == 2
        await redis.config_set("maxmemory", 0)
    assert await world.claims.claim("known", "mine", MINUTE) == Claim("theirs", is_done=True)


async def test_a_redis_that_became_a_replica_lets_everything_pass(world: World, redis_server: OwnRedis) -> None:
    async with Redis.from_url(redis_server.redis_url) as redis:
        await redis.replicaof("127.0.0.1", "1")
        assert await world.claims.claim("order", "mine", MINUTE) == Claim("mine")
        world.pass_time()
        await world.claims.done("order", "mine", MINUTE)
        world.pass_time()
        assert world.state.degraded == 2
        await redis.replicaof("NO", "ONE")

    async def is_back() -> bool:
        world.pass_time()
        await world.claims.done("order", "mine", MINUTE)
        return (await world.claims.claim("order", "other", MINUTE)).is_done

    await eventually(is_back, "it takes writes again")


async def test_a_key_of_another_kind_lets_its_event_pass(world: World, redis_server: OwnRedis) -> None:
    async with Redis.from_url(redis_server.redis_url) as redis:
        await redis.lpush("mih:claim:order", "not ours")
    assert await world.claims.claim("order", "mine", MINUTE) == Claim("mine")
