"""The database is away, its disk is full, or somebody else holds it locked."""

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from load import Load
from world import World


@dataclass(frozen=True, slots=True)
class DatabaseAway:
    """Its file is moved away and back; a process that starts meanwhile must wait for it."""

    seconds: float = 4
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        with database_away(world):
            await asyncio.sleep(self.seconds)


@contextmanager
def database_away(world: World) -> Iterator[None]:
    """Move the database's files away and back."""
    files = sorted(world.hub.folder.glob("mih.db*"))
    away = world.hub.folder / "away"
    away.mkdir()
    for file in files:
        file.rename(away / file.name)
    try:
        yield
    finally:
        for file in files:
            (away / file.name).rename(file)
        away.rmdir()


@dataclass(frozen=True, slots=True)
class DatabaseFull:
    """No file of any role may grow, as on a disk that is full: neither the database's nor that of its logs."""

    seconds: float = 6
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        roles = [process.pid for process in world.hub.processes.values() if process.returncode is None]
        before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in roles}
        for pid, (_, most) in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
        try:
            await asyncio.sleep(self.seconds)
        finally:
            for pid, limits in before.items():
                with suppress(ProcessLookupError):
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@dataclass(frozen=True, slots=True)
class DatabaseLocked:
    """Somebody writes, and does not come to an end."""

    seconds: float = 8
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        with closing(_locked(world.hub.folder / "mih.db")):
            await asyncio.sleep(self.seconds)


def _locked(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=30, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    return connection
