"""Services that hang, answer byte by byte, reset, flap, or answer 200 with an error."""

import asyncio
from dataclasses import dataclass
from random import Random

from destination import Mood, out_of_order
from load import Load
from world import World


@dataclass(frozen=True, slots=True)
class InAMood:
    """One service behaves so for some seconds; `repeats` counts what it took although nobody heard the answer."""

    slug: str
    mood: Mood
    seconds: float = 5
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        destination = world.destinations[self.slug]
        destination.mood = self.mood
        try:
            await asyncio.sleep(self.seconds)
        finally:
            destination.mood = None


@dataclass(frozen=True, slots=True)
class Flapping:
    """A service that is down in one second and well in the next."""

    slug: str
    times: int = 5
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        for _ in range(self.times):
            await InAMood(self.slug, out_of_order, seconds=1).strike(world, load, chance)
            await asyncio.sleep(1)  # the second after which the service flaps


@dataclass(frozen=True, slots=True)
class DownToTheEnd:
    """One service falls into this mood and stays there."""

    slug: str
    mood: Mood
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        world.destinations[self.slug].mood = self.mood
