"""The database is away, its disk is full, its file may only be read, or somebody else holds it locked."""

import asyncio
import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from load import Load
from world import World, in_flight_of


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
class DatabaseReadOnly:
    """Its file may only be read by whoever opens it now: roles that start, and commands, which say so."""

    starting: tuple[str, ...]
    seconds: float = 6

    @property
    def repeats(self) -> int:
        return sum(map(in_flight_of, self.starting))

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        with _read_only(world.hub.folder / "mih.db"):
            for role in self.starting:
                await world.hub.kill(role)
            await world.hub.start(*self.starting)
            await asyncio.sleep(self.seconds)
            await refuses_to_write(world, "readonly database")


async def refuses_to_write(world: World, why: str) -> None:
    """A command that must write fails, and says in a sentence why."""
    code, said = await world.hub.tried("pause", "till", "--why", "it cannot be written")
    assert code, f"a database that may only be read was written: {said}"
    assert why in said, said
    assert "Traceback" not in said, said


@contextmanager
def _read_only(file: Path) -> Iterator[None]:
    """Nothing keeps root from writing but a mount, which holds for who opens the file while it is there."""
    if os.getuid() != 0:
        mode = file.stat().st_mode
        file.chmod(0o400)
        try:
            yield
        finally:
            file.chmod(mode)
        return
    subprocess.run(["mount", "--bind", file, file], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", file], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", file], check=True)


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
