"""Processes that die exactly between publish, confirm and acknowledgement, or acknowledge what they never had."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hub_world import DEADLINE_S, until
from load import Load
from world import AT_ONCE, World, in_flight_of

POINTS = ("before publish", "before confirm", "after confirm", "before acknowledgement", "after acknowledgement")
#: What is on the path of a role that is to die.
CRASHING = Path(__file__).parent / "crashing"
_CHANNEL_LOST = '"message":"channel lost"'


@dataclass(frozen=True, slots=True)
class Crashed:
    """A role that is started so that it dies at one of its next passings of a point, and is then started as usual."""

    role: str
    point: str

    @property
    def repeats(self) -> int:
        return in_flight_of(self.role)

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        word = self.role.split()[0]
        await world.hub.stop(self.role)
        nth = chance.randint(1, 20)
        world.hub.of_its_own[word] = {"PYTHONPATH": str(CRASHING), "MIH_LAB_CRASH": f"{self.point} {nth}"}
        await world.hub.start(self.role)
        del world.hub.of_its_own[word]
        died = world.hub.processes.pop(self.role)
        try:
            code = await asyncio.wait_for(died.wait(), DEADLINE_S)
        finally:
            if died.returncode is None:
                died.kill()
            await world.hub.start(self.role)
        assert code == -signal.SIGKILL, f"{self.role} ended with {code} instead of dying {self.point}"


@dataclass(frozen=True, slots=True)
class WronglyAcknowledged:
    """A role acknowledges what nobody handed to it: the broker closes that channel (406), and all in hand returns."""

    role: str

    @property
    def repeats(self) -> int:
        # What one channel had in hand, and afterwards all: the role is killed to be as usual again.
        return in_flight_of(self.role) and AT_ONCE + in_flight_of(self.role)

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        log = world.hub.folder / f"{self.role.replace(' ', '-')}.log"
        lost = log.read_text().count(_CHANNEL_LOST)
        async with started_with(world, {"MIH_LAB_WRONG_TAG": str(chance.randint(1, 6))}, self.role):
            await until(lambda: log.read_text().count(_CHANNEL_LOST) > lost, f"{self.role} has lost a channel")
            assert world.hub.processes[self.role].returncode is None, f"{self.role} died of a channel"


@asynccontextmanager
async def started_with(world: World, of_its_own: Mapping[str, str], *roles: str) -> AsyncIterator[None]:
    """These roles started anew with something of their own in the environment, and as usual afterwards."""
    words = [role.split()[0] for role in roles]
    world.hub.of_its_own |= {word: {"PYTHONPATH": str(CRASHING), **of_its_own} for word in words}
    try:
        for role in roles:
            await world.hub.stop(role)
            await world.hub.start(role)
        yield
    finally:
        for word in words:
            del world.hub.of_its_own[word]
        for role in roles:
            # It may have ended by itself, or be so that it hears of no TERM.
            if world.hub.processes[role].returncode is None:
                await world.hub.kill(role)
            await world.hub.start(role)
