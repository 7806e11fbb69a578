"""Processes that die, are told to stop, or freeze."""

import asyncio
import resource
import signal
from dataclasses import dataclass
from random import Random
from time import monotonic

from hub_world import until
from load import Load
from world import IN_FLIGHT, World, in_flight_of

#: Seconds that a supervisor may give a role to end: ten is the least that any of them takes by itself.
_ENDS_WITHIN_S = 10
_STARTED = '"message":"started"'


@dataclass(frozen=True, slots=True)
class Killed:
    """`kill -9`, and started again as a supervisor does."""

    role: str

    @property
    def repeats(self) -> int:
        return in_flight_of(self.role)

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        await world.hub.kill(self.role)
        await world.hub.start(self.role)


@dataclass(frozen=True, slots=True)
class ToldToStop:
    """SIGTERM under load: it ends in order and repeats nothing."""

    role: str
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        log = world.hub.folder / f"{self.role.replace(' ', '-')}.log"
        starts = log.read_text().count(_STARTED)
        told = monotonic()
        code = await world.hub.stop(self.role)
        took_s = monotonic() - told
        await world.hub.start(self.role)
        # Python itself takes a moment to come up; who is told to stop before that ends as any program does.
        await until(lambda: log.read_text().count(_STARTED) > starts, f"{self.role} has started")
        assert code == 0, f"{self.role} told to stop ended with {code}"
        assert took_s < _ENDS_WITHIN_S, f"{self.role} told to stop took {took_s:.1f} s"


@dataclass(frozen=True, slots=True)
class Frozen:
    """SIGSTOP for some seconds, and back: longer than a heartbeat allows where `seconds` says so."""

    role: str
    seconds: float

    @property
    def repeats(self) -> int:
        return in_flight_of(self.role)

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        process = world.hub.processes[self.role]
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            process.send_signal(signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class OutOfDescriptors:
    """It may open no further file or connection for some seconds, and must connect anew just then."""

    role: str
    seconds: float = 4

    @property
    def repeats(self) -> int:
        return IN_FLIGHT  # the line is cut for all roles

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        pid = world.hub.processes[self.role].pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        world.broker_line.cut()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
        try:
            await asyncio.sleep(self.seconds)
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
