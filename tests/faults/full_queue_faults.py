"""A queue that takes no more, because an operator's policy limits its length."""

import asyncio
from dataclasses import dataclass
from random import Random
from urllib.parse import quote, urlsplit

import httpx
from destination import out_of_order
from load import Load
from world import World

from topology import names

#: Deliveries that each of the other services must get meanwhile.
_MEANWHILE = 5
_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class QueueFull:
    """A service is down and its queue limited: the others hear of events, and `mih topology verify` tells the policy.

    What does not fit waits in the delay ladder, whose lowest rung is then held up for all: retries wait until the
    policy is gone.
    """

    slug: str
    seconds: float = 5
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        vhost = quote(urlsplit(world.amqp_url).path[1:], safe="")
        queue = names.service_queue(self.slug).replace(".", "[.]")
        limit = {"pattern": f"^{queue}$", "apply-to": "queues", "definition": {"max-length": 1}}
        destination = world.destinations[self.slug]
        destination.mood = out_of_order
        api = f"{world.management_url}/api/policies/{vhost}"
        async with httpx.AsyncClient(base_url=api, timeout=30, trust_env=False) as policies:
            (await policies.put("/limit", json=limit)).raise_for_status()
            try:
                await self._others_hear(world)
                await asyncio.sleep(self.seconds)
                told = await _verified(world)
            finally:
                destination.mood = None
                (await policies.delete("/limit")).raise_for_status()
        assert "max-length" in told, told
        assert names.service_queue(self.slug) in told, told

    async def _others_hear(self, world: World) -> None:
        others = [one for slug, one in world.destinations.items() if slug != self.slug]
        before = [one.accepted.total() for one in others]
        async with asyncio.timeout(_WITHIN_S):
            for one, heard in zip(others, before, strict=True):
                while one.accepted.total() < heard + _MEANWHILE:
                    await asyncio.sleep(0.2)
                    await one.look()


async def _verified(world: World) -> str:
    """What `mih topology verify` says; it must not be that all is well."""
    try:
        said = await world.hub.run("topology", "verify")
    except AssertionError as wrong:
        return str(wrong)
    raise AssertionError(f"mih topology verify found nothing wrong: {said}")
