"""Queues that take no more, because an operator's policy limits their length."""

import asyncio
import re
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
_NO_LIMIT = 1_000_000_000_000


@dataclass(frozen=True, slots=True)
class QueueFull:
    """A service is down and queues limited: the others hear of events, and `mih topology verify` tells the policy.

    What does not fit into the service's queue waits in the delay ladder, whose lowest rung is then held up for all:
    retries wait until the policy is gone. What does not fit into the ladder stays in the service's queue. The policy
    is taken away as that command says: raised first.
    """

    slug: str
    #: What the names of those queues begin with; the service's own if none is said.
    ladder: str = ""
    seconds: float = 5
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        vhost = quote(urlsplit(world.amqp_url).path[1:], safe="")
        limited = self.ladder or names.service_queue(self.slug)
        pattern = f"^{re.escape(limited)}{'' if self.ladder else '$'}"
        limit = {"pattern": pattern, "apply-to": "queues", "definition": {"max-length": 1}}
        destination = world.destinations[self.slug]
        destination.mood = out_of_order
        api = f"{world.management_url}/api/policies/{vhost}"
        async with httpx.AsyncClient(base_url=api, timeout=30, trust_env=False) as policies:
            (await policies.put("/limit", json=limit)).raise_for_status()
            try:
                await others_hear(world, self.slug)
                await asyncio.sleep(self.seconds)
                told = await _verified(world, "max-length 1")
            finally:
                destination.mood = None
                # As `mih topology verify` says.
                (
                    await policies.put("/limit", json=limit | {"definition": {"max-length": _NO_LIMIT}})
                ).raise_for_status()
                await _verified(world, f"max-length {_NO_LIMIT}")
                (await policies.delete("/limit")).raise_for_status()
        assert limited in told, told


async def others_hear(world: World, slug: str) -> None:
    """Await that every other service gets some of what is published now."""
    others = [one for name, one in world.destinations.items() if name != slug]
    before = [one.accepted.total() for one in others]
    async with asyncio.timeout(_WITHIN_S):
        for one, heard in zip(others, before, strict=True):
            while one.accepted.total() < heard + _MEANWHILE:
                await asyncio.sleep(0.2)
                await one.look()


async def _verified(world: World, told: str) -> str:
    """What `mih topology verify` says once the management API has heard of it, which takes it some seconds."""
    async with asyncio.timeout(_WITHIN_S):
        while True:
            _, said = await world.hub.tried("topology", "verify")
            if told in said:
                return said
