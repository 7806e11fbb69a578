"""RabbitMQ dies, raises an alarm, loses a connection, or loses a queue to its operator."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from census import depths
from hub_world import until
from load import Load
from world import IN_FLIGHT, World, in_flight_of

from topology import names


@dataclass(frozen=True, slots=True)
class BrokerKilled:
    """`kill -9`, and started again with what was on its disk."""

    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        await asyncio.to_thread(world.servers.rabbit.kill)
        await asyncio.to_thread(world.servers.rabbit.start)


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of memory or disk blocks publishers, also those who hold messages that they could not settle."""

    raised: tuple[str, ...]
    cleared: tuple[str, ...]
    seconds: float = 4
    #: Published to a service on this broker just before, and confirmed when the sender waits no more.
    repeats: int = in_flight_of("sender amqp")

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        await world.servers.rabbit.ctl(*self.raised)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            await world.servers.rabbit.ctl(*self.cleared)


MEMORY = Alarm(("set_vm_memory_high_watermark", "0.0001"), ("set_vm_memory_high_watermark", "0.6"))
DISK = Alarm(("set_disk_free_limit", "1000000GB"), ("set_disk_free_limit", "50MB"))


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """An operator closes one connection of the hub's, whichever, in the management UI."""

    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        vhost = urlsplit(world.amqp_url).path[1:]
        async with _management(world) as management:
            for _ in range(60):
                of_the_hub = sorted(await _connections(management, vhost))
                if of_the_hub:
                    break
                await asyncio.sleep(0.2)  # the API hears of connections every few seconds only
            # A connection may have gone since the API heard of it.
            await management.delete(f"/connections/{quote(chance.choice(of_the_hub)[1], safe='')}")


@dataclass(frozen=True, slots=True)
class QueueDeleted:
    """A service's empty queue is deleted; its deliveries turn up as unroutable, and are replayed when it is back."""

    slug: str
    seconds: float = 2
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        load.may_go_on.clear()
        accepted = world.destinations[self.slug].accepted
        # What lies in a queue is deleted with it, and that is the operator's word: so it is empty.
        await until(lambda: heard(load, self.slug) <= {duty.number for duty in accepted}, f"{self.slug} has all")
        queue = names.service_queue(self.slug)
        async with _management(world) as management:
            path = f"/queues/{quote(urlsplit(world.amqp_url).path[1:], safe='')}/{queue}"
            (await management.delete(path)).raise_for_status()
            load.may_go_on.set()
            await asyncio.sleep(self.seconds)
            await world.hub.run("topology", "apply")
        await world.hub.run("dlq", "replay", "--service", "unroutable")
        assert (await depths(world.amqp_url, [names.UNROUTABLE])) == {names.UNROUTABLE: 0}


def heard(load: Load, slug: str) -> set[int]:
    """What a service must have taken of what was accepted so far."""
    accepted = load.events[: load.accepted]
    return {event.number for event in accepted if slug in event.hearers and not event.refused}


async def _connections(management: httpx.AsyncClient, vhost: str) -> list[tuple[str, str]]:
    found: list[dict[str, Any]] = (await management.get(f"/vhosts/{vhost}/connections")).raise_for_status().json()
    return [
        (name, connection["name"])
        for connection in found
        if (name := connection.get("client_properties", {}).get("connection_name", "")).startswith("mih ")
    ]


def _management(world: World) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{world.management_url}/api", timeout=30, trust_env=False)
