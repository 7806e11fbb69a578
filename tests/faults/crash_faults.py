"""Processes that die exactly between publish, confirm and acknowledgement."""

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hub_world import DEADLINE_S
from load import Load
from world import IN_FLIGHT, World

POINTS = ("before publish", "before confirm", "after confirm", "before acknowledgement", "after acknowledgement")
_CRASHING = Path(__file__).parent / "crashing"


@dataclass(frozen=True, slots=True)
class Crashed:
    """A role that is started so that it dies at one of its next passings of a point, and is then started as usual."""

    role: str
    point: str

    @property
    def repeats(self) -> int:
        return IN_FLIGHT if self.role == "sender rest" else 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        word = self.role.split()[0]
        await world.hub.stop(self.role)
        nth = chance.randint(1, 20)
        world.hub.of_its_own[word] = {"PYTHONPATH": str(_CRASHING), "MIH_LAB_CRASH": f"{self.point} {nth}"}
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
