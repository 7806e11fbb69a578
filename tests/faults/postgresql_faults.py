"""PostgreSQL dies, is restarted, or may only be read, and roles start meanwhile."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Literal

import asyncpg  # type: ignore[import-untyped]  # ships no type hints
from database_faults import refuses_to_write
from load import Load
from world import World, in_flight_of


@dataclass(frozen=True, slots=True)
class PostgreSQLAway:
    """Ended this way for some seconds, in which these roles are killed and must start without it."""

    how: Literal["killed", "stopped"]
    starting: tuple[str, ...] = ()
    seconds: float = 4

    @property
    def repeats(self) -> int:
        return sum(map(in_flight_of, self.starting))

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        database = world.database
        assert database, "the scenario's database is not PostgreSQL"
        await asyncio.to_thread(database.kill if self.how == "killed" else database.server.stop)
        try:
            for role in self.starting:
                await world.hub.kill(role)
                await world.hub.start(role)
            await asyncio.sleep(self.seconds)
        finally:
            await asyncio.to_thread(database.server.start)


@dataclass(frozen=True, slots=True)
class PostgreSQLReadOnly:
    """Its operator lets nobody write for some seconds, in which these roles start."""

    starting: tuple[str, ...]
    seconds: float = 6

    @property
    def repeats(self) -> int:
        return sum(map(in_flight_of, self.starting))

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        await _reconfigured(world, "SET default_transaction_read_only = on")
        try:
            for role in self.starting:
                await world.hub.kill(role)
            await world.hub.start(*self.starting)
            await asyncio.sleep(self.seconds)
            await refuses_to_write(world, "read-only transaction")
        finally:
            await _reconfigured(world, "RESET default_transaction_read_only")


async def _reconfigured(world: World, how: str) -> None:
    database = world.database
    assert database, "the scenario's database is not PostgreSQL"
    connection = await asyncpg.connect(database.url.replace("+asyncpg", ""))
    try:
        await connection.execute(f"ALTER SYSTEM {how}")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()
