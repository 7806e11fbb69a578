"""Everything is off, and comes on in any order."""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass
from random import Random

from database_faults import database_away
from load import Load
from world import IN_FLIGHT, ROLES, World


@dataclass(frozen=True, slots=True)
class StartedWithNothing:
    """All roles, broker and Redis go; the roles come back first, in any order, and must wait for the rest."""

    #: Whether the database goes, too.
    database: bool = False
    seconds: float = 4
    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        for role in ROLES:
            await world.hub.kill(role)
        await asyncio.to_thread(world.servers.rabbit.kill)
        await asyncio.to_thread(world.servers.redis.kill)
        with database_away(world) if self.database else nullcontext():
            await world.hub.start(*chance.sample(ROLES, len(ROLES)))
            await asyncio.sleep(self.seconds)
        await asyncio.to_thread(world.servers.redis.start)
        await asyncio.to_thread(world.servers.rabbit.start)
