"""Redis dies and comes back empty, is slow or full, refuses to write or to be connected to, or forgets its scripts."""

import asyncio
from dataclasses import dataclass
from random import Random

from load import Load
from redis.asyncio import Redis
from world import IN_FLIGHT, World

from pipeline.embedded import PrivateRedis


@dataclass(frozen=True, slots=True)
class RedisKilled:
    """`kill -9`, some seconds without it, and back with nothing in it."""

    seconds: float = 2
    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        await asyncio.to_thread(world.servers.redis.kill)
        await asyncio.sleep(self.seconds)
        await asyncio.to_thread(world.servers.redis.start)


@dataclass(frozen=True, slots=True)
class RedisSlow:
    """Answers nobody for so long: longer than any question waits."""

    seconds: float = 2
    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        async with _client(world) as client:
            await client.client_pause(int(self.seconds * 1000))
        await asyncio.sleep(self.seconds)


@dataclass(frozen=True, slots=True)
class RedisReadOnly:
    """A replica for some seconds, as after a failover that the clients have not heard of."""

    seconds: float = 3
    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        async with _client(world) as client:
            # Port 1 is nobody's: it stays a replica without a master, and keeps what it has.
            await client.slaveof("127.0.0.1", 1)
            try:
                await asyncio.sleep(self.seconds)
            finally:
                await client.slaveof()


@dataclass(frozen=True, slots=True)
class RedisFull:
    """No memory is left, and nothing may be evicted: it answers questions, and refuses every write."""

    seconds: float = 4
    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        async with _client(world) as client:
            # Less than it takes by itself.
            await client.config_set("maxmemory", "100kb", "maxmemory-policy", "noeviction")
            try:
                await asyncio.sleep(self.seconds)
            finally:
                await client.config_set("maxmemory", 0)


@dataclass(frozen=True, slots=True)
class RedisCannotSave:
    """Its snapshot cannot be written: it then refuses every write (MISCONF), until one can."""

    seconds: float = 4
    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        # What a snapshot is renamed to at its end; a folder cannot be replaced by a file.
        redis = world.servers.redis
        assert isinstance(redis, PrivateRedis)
        in_the_way = redis.folder / "dump.rdb"
        async with _client(world) as client:
            in_the_way.mkdir()
            # With none to be saved at all, a failed one is nobody's concern.
            await client.config_set("save", "3600 1")
            try:
                await _saved(client, "err")
                await asyncio.sleep(self.seconds)
            finally:
                in_the_way.rmdir()
                await _saved(client, "ok")
                await client.config_set("save", "")
                in_the_way.unlink()


@dataclass(frozen=True, slots=True)
class RedisTooManyClients:
    """Every connection is closed, and none is taken but ours."""

    seconds: float = 4
    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        async with _client(world) as client:
            most = (await client.config_get("maxclients"))["maxclients"] or ""
            await client.config_set("maxclients", 1)
            try:
                await client.client_kill_filter(_type="normal", skipme=True)
                await asyncio.sleep(self.seconds)
            finally:
                await client.config_set("maxclients", most)


@dataclass(frozen=True, slots=True)
class ScriptsFlushed:
    """Every script must be loaded anew."""

    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        async with _client(world) as client:
            await client.script_flush()


def _client(world: World) -> Redis:
    return Redis.from_url(world.servers.redis.redis_url)


async def _saved(client: Redis, ending: str) -> None:
    """Save until the last snapshot ended so."""
    async with asyncio.timeout(20):
        while (found := await client.info("persistence"))["rdb_last_bgsave_status"] != ending:
            if not found["rdb_bgsave_in_progress"]:
                await client.bgsave()
            await asyncio.sleep(0.1)
