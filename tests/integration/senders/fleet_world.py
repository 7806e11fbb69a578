"""Whole senders, as many as wanted, each with its own connections, in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from http_service import Service
from queues import WITHIN_S, nothing_unheard
from stages_world import World

from pipeline.attempt.transports import SCHEMAS
from pipeline.broker import open_session
from pipeline.database import create_database
from pipeline.delivery import CONTENT_TYPE, Delivery, Request
from pipeline.event import Event
from pipeline.registry import CurrentRegistry, InterventionStore, RevisionStore
from pipeline.senders import run_sender
from pipeline.settings import Settings
from pipeline.shared_state import open_shared_state
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Standing
from topology import names
from topology.declare import declare
from topology.delay import LEVELS
from topology.depths import read_depths
from topology.entities import topology_of


@dataclass
class FleetWorld(World):
    """A session that looks on, the registry that senders follow, and senders."""

    revisions: RevisionStore
    said: InterventionStore

    async def apply(self, services: dict[str, dict[str, Any]]) -> None:
        """Put these services in force; each is REST, and tries again after a second."""
        document = {"version": 1, "services": {slug: {"transport": "rest", **one} for slug, one in services.items()}}
        await asyncio.to_thread(declare, self.settings.amqp_url, topology_of(services))
        await self.revisions.append(document, by="test", at=datetime.now(UTC))

    @asynccontextmanager
    async def senders(self, count: int = 1) -> AsyncIterator[None]:
        """So many senders, from their start until they stopped."""
        stopping = asyncio.Event()
        working = [asyncio.create_task(self._sender(stopping), name=f"sender {n}") for n in range(count)]
        try:
            yield
        finally:
            stopping.set()
            await asyncio.wait_for(asyncio.gather(*working), WITHIN_S)

    async def _sender(self, stopping: asyncio.Event) -> None:
        async with AsyncExitStack() as stack:
            url = self.settings.effective_database_url()
            store = await stack.enter_async_context(RevisionStore.open(url))
            said = await stack.enter_async_context(InterventionStore.open(url))
            shared = await stack.enter_async_context(open_shared_state(self.settings.redis_url, monotonic))
            current = CurrentRegistry(store, said, SCHEMAS)
            following = asyncio.create_task(current.follow())
            try:
                await run_sender(self.settings, "rest", current, shared, stopping=stopping)
            finally:
                following.cancel()

    async def deliver(self, slug: str, count: int, *, first: int = 0, attempt: int = 1, rule: str = "orders") -> None:
        """Publish deliveries as the router would, or, with a higher attempt, as the ladder would."""
        await asyncio.gather(*(self._deliver(slug, number, attempt, rule) for number in range(first, first + count)))

    async def _deliver(self, slug: str, number: int, attempt: int, rule: str) -> None:
        event = Event(f"e{number}", "shop", "shop.order", {"number": number})
        request = Request({"method": "POST"}, f'{{"number": {number}}}')
        delivery = Delivery(f"{slug}-{number}", slug, rule, 1, request, event, datetime.now(UTC), attempt=attempt)
        await self.publish(
            names.SERVICES, slug, delivery.to_bytes(), content_type=CONTENT_TYPE, headers=delivery.headers()
        )

    async def listening(self, queue: str, exchange: str, key: str, arguments: dict[str, Any] | None = None) -> None:
        """Let somebody listen to an exchange, with a classic queue of their own."""
        wire = await (await self.session.channel()).get_underlay_channel()
        await wire.queue_declare(queue, durable=True, arguments={"x-queue-type": "classic", **(arguments or {})})
        await wire.queue_bind(queue, exchange, key)
        await wire.close()

    async def standing(self, slug: str) -> Standing:
        """How the fleet's breaker stands."""
        return (await Breakers(self.shared).snapshot([slug]))[slug]

    async def until_state(self, slug: str, state: str) -> None:
        found = None
        for _ in range(WITHIN_S * 50):
            found = (await self.standing(slug)).state
            if found == state:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"the breaker of {slug} is {found}, not {state}")

    async def consumers(self, slug: str) -> int:
        """How many consume a service's queue."""
        queue = names.service_queue(slug)
        depths = await asyncio.to_thread(read_depths, self.settings.amqp_url, [queue])
        return depths[queue].consumers

    async def until_consumers(self, slug: str, count: int) -> None:
        found = -1
        for _ in range(WITHIN_S * 10):
            found = await self.consumers(slug)
            if found == count:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{found} consume {slug}, not {count}")

    async def waiting(self) -> int:
        """How many rest in the ladder."""
        return sum([await self.depth(names.delay_level(level)) for level in range(LEVELS)])

    async def dead(self, slug: str) -> int:
        return await self.depth(names.dead_letter_queue(slug))


async def until_arrived(service: Service, count: int) -> None:
    """Until so many different deliveries were accepted; what makes room again and again takes its time."""
    for _ in range(WITHIN_S * 60):
        if len(service.accepted) >= count:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{len(service.accepted)} of {count} arrived, after {len(service.arrived)} requests")


@asynccontextmanager
async def a_fleet_world(amqp_url: str, redis_url: str, folder: Path, **settings: Any) -> AsyncIterator[FleetWorld]:
    given = {
        "amqp_url": amqp_url,
        "redis_url": redis_url,
        "state_dir": folder,
        "allowed_networks": "127.0.0.0/8",
        **settings,
    }
    read = Settings.model_validate(given)
    create_database(read.effective_database_url())
    await asyncio.to_thread(declare, amqp_url, topology_of([]))
    async with (
        nothing_unheard(),
        open_session(amqp_url, "test") as session,
        open_shared_state(redis_url, monotonic) as shared,
        RevisionStore.open(read.effective_database_url()) as revisions,
        InterventionStore.open(read.effective_database_url()) as said,
    ):
        yield FleetWorld(session, read, shared, revisions, said)
