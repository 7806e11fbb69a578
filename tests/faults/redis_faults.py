"""Redis dies and comes back empty, is slow, refuses to write, or forgets its scripts."""

import asyncio
from dataclasses import dataclass
from random import Random

from load import Load
from redis.asyncio import Redis
from world import IN_FLIGHT, World


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
class ScriptsFlushed:
    """Every script must be loaded anew."""

    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        async with _client(world) as client:
            await client.script_flush()


def _client(world: World) -> Redis:
    return Redis.from_url(world.servers.redis.redis_url)
