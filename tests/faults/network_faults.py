"""The lines between the roles and what they stand on: cut, half-open, slow."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Literal

from load import Load
from tcp_line import Line
from world import IN_FLIGHT, World

Which = Literal["broker", "redis", "database"]


def _line(world: World, which: Which) -> Line:
    if which == "database":
        assert world.database, "the scenario's database is not PostgreSQL"
        return world.database.line
    return world.broker_line if which == "broker" else world.redis_line


@dataclass(frozen=True, slots=True)
class Cut:
    """Every connection is reset at once."""

    which: Which
    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        _line(world, self.which).cut()


@dataclass(frozen=True, slots=True)
class Swallowed:
    """Half-open: what is sent is swallowed and nobody is told; only heartbeats and timeouts notice."""

    which: Which
    seconds: float
    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        line = _line(world, self.which)
        line.swallow()
        try:
            await asyncio.sleep(self.seconds)
        finally:
            line.heal()


@dataclass(frozen=True, slots=True)
class Slow:
    """Everything takes so much longer, both ways."""

    which: Which
    latency_s: float
    seconds: float
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        line = _line(world, self.which)
        line.latency_s = self.latency_s
        try:
            await asyncio.sleep(self.seconds)
        finally:
            line.latency_s = 0
