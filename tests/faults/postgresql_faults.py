"""PostgreSQL dies, or is restarted, and roles start while it is away."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Literal

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
