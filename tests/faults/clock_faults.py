"""Clocks that are stepped by an hour, forth and back: Redis's, or a role's own. Needs Debian's libfaketime.

What is measured in seconds that pass (a timeout, asyncio's clock) is not stepped, as it would not be on a machine whose
clock is set: the calendar is.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from broker_faults import heard
from crash_faults import started_with
from destination import out_of_order
from hub_world import until
from load import Load
from redis.asyncio import Redis
from world import IN_FLIGHT, Servers, World, in_flight_of, needs_own_redis

from pipeline.embedded import PrivateRedis
from pipeline.errors import Unavailable

_LIBRARIES = Path("/usr/lib")
_STEP_S = 3600
#: What may pass between a step and a look at the clock.
_LATE_S = 120


def needs_faketime(_: Servers) -> None:
    """Raise Unavailable where it is not installed."""
    if not any(_LIBRARIES.glob("*/faketime/libfaketime.so.1")):
        raise Unavailable("this scenario needs faketime (Debian: libfaketime)")


def needs_faketime_in_redis(servers: Servers) -> None:
    """Raise Unavailable where it is not installed, or Redis is in a container, which shares this machine's clock."""
    needs_faketime(servers)
    needs_own_redis(servers)


@dataclass(frozen=True, slots=True)
class RedisClockStepped:
    """Its breakers open, and a sender dies with a permit in hand, in an hour to come; then the clock is set right."""

    slug: str
    seconds: float = 4

    @property
    def repeats(self) -> int:
        # It is started twice, and has forgotten everything each time.
        return 2 * IN_FLIGHT + in_flight_of("sender rest")

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        redis, file = world.servers.redis, world.hub.folder / "clock"
        assert isinstance(redis, PrivateRedis)
        await asyncio.to_thread(redis.kill)
        with _environment(_faked(file)):
            await asyncio.to_thread(redis.start)
        try:
            await self._forth(world, file)
            await self._back(world, load, file)
        finally:
            await asyncio.to_thread(redis.kill)
            await asyncio.to_thread(redis.start)

    async def _forth(self, world: World, file: Path) -> None:
        await _step_redis(world, file, _STEP_S)
        world.destinations[self.slug].mood = out_of_order
        try:
            await asyncio.sleep(self.seconds)
            await world.hub.kill("sender rest")
        finally:
            world.destinations[self.slug].mood = None
        await world.hub.start("sender rest")

    async def _back(self, world: World, load: Load, file: Path) -> None:
        """Each step must hold nobody up, while Redis still remembers what it was told before."""
        accepted = world.destinations[self.slug].accepted
        for step_s in (0, -_STEP_S, 0):
            await _step_redis(world, file, step_s)
            await asyncio.sleep(self.seconds)
            await until(
                lambda: heard(load, self.slug) <= {duty.number for duty in accepted},
                f"{self.slug} has all, with Redis's clock {step_s} s off",
            )


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """A role starts an hour ahead, its clock goes two back, and is set right."""

    role: str
    seconds: float = 3

    @property
    def repeats(self) -> int:
        return in_flight_of(self.role)

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        file, log = world.hub.folder / "clock", world.hub.folder / f"{self.role.replace(' ', '-')}.log"
        faked = _faked(file)
        # Ahead from the start, which it logs: it may have nothing to say later.
        _step(file, _STEP_S)
        async with started_with(world, faked, self.role):
            for step_s in (-_STEP_S, 0):
                await asyncio.sleep(self.seconds)
                _step(file, step_s)
            await asyncio.sleep(self.seconds)
        assert _was_elsewhen(log), f"{self.role} never wrote the wrong hour"


async def _step_redis(world: World, file: Path, step_s: int) -> None:
    """Set it, and await that it tells so."""
    _step(file, step_s)
    async with Redis.from_url(world.servers.redis.redis_url) as client, asyncio.timeout(_LATE_S):
        while abs((await client.time())[0] - datetime.now(UTC).timestamp() - step_s) > _LATE_S:  # noqa: ASYNC110 - asked
            await asyncio.sleep(0.1)


def _step(file: Path, step_s: int) -> None:
    new = file.with_suffix(".new")
    new.write_text(f"{step_s:+d}")
    new.replace(file)


def _was_elsewhen(log: Path) -> bool:
    """Whether it says something of an hour hence or ago."""
    hours = (datetime.now(UTC) + timedelta(seconds=step_s) for step_s in (_STEP_S, -_STEP_S))
    return any(f'"timestamp":"{hour:%Y-%m-%dT%H:}' in log.read_text() for hour in hours)


def _faked(file: Path) -> Mapping[str, str]:
    [library, *_] = _LIBRARIES.glob("*/faketime/libfaketime.so.1")
    _step(file, 0)
    return {
        # Redis's own allocator asks for the time before faketime is ready to tell it; the system's does not.
        "LD_PRELOAD": f"{library}:libc.so.6",
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


@contextmanager
def _environment(more: Mapping[str, str]) -> Iterator[None]:
    """What a server is started with, which knows of nothing but the laboratory's own environment."""
    os.environ.update(more)
    try:
        yield
    finally:
        for name in more:
            del os.environ[name]
