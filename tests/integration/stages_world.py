"""One stage after another on a real RabbitMQ and Redis, in this process, so that it can die at any line."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from queues import WITHIN_S, Queues, nothing_unheard

from pipeline.attempt.transports import SCHEMAS
from pipeline.broker import Outgoing, Session, Take, consume, open_session
from pipeline.registry import Registry, compile_registry
from pipeline.settings import Settings
from pipeline.shared_state import SharedState, open_shared_state
from topology.declare import declare
from topology.entities import Topology, topology_of

SERVICES = ["erp", "lms", "sis"]
TOPOLOGY = topology_of(SERVICES)


@dataclass
class World(Queues):
    """A session that looks on, and addresses for those that do the work."""

    settings: Settings
    shared: SharedState

    @asynccontextmanager
    async def stage(self, name: str, queue: str, take_in: Callable[[Session], Take]) -> AsyncIterator[Session]:
        """A stage at work in a session of its own, until that is lost or this ends."""
        async with open_session(self.settings.amqp_url, name) as session:
            until = asyncio.Event()
            working = asyncio.create_task(
                consume(session, queue, take_in(session), stage=name, prefetch=10, until=until)
            )
            try:
                yield session
            finally:
                until.set()
                await asyncio.wait_for(working, WITHIN_S)

    async def publish(self, exchange: str, key: str, body: bytes, **properties: Any) -> None:
        await self.session.publish(Outgoing(exchange, key, body, **properties))


@asynccontextmanager
async def a_world(amqp_url: str, redis_url: str, topology: Topology = TOPOLOGY) -> AsyncIterator[World]:
    await asyncio.to_thread(declare, amqp_url, topology)
    settings = Settings.model_validate({"amqp_url": amqp_url, "redis_url": redis_url})
    async with (
        nothing_unheard(),
        open_session(amqp_url, "test") as session,
        open_shared_state(redis_url, monotonic) as shared,
    ):
        yield World(session, settings, shared)


async def eventually(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Await a condition, looking often."""
    for _ in range(WITHIN_S * 20):
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"waited {WITHIN_S} s in vain until {what}")


async def die(session: Session) -> None:
    """What the broker sees of a process that dies: both connections are gone."""
    await session.consuming.close()
    await session.publishing.close()


def registry_of(*rules: tuple[str, str]) -> Registry:
    """Rules that send the whole event: (event, service)."""
    document = {
        "version": 1,
        "services": {slug: {"transport": "rest", "url": f"https://{slug}.example.org/"} for slug in SERVICES},
        "rules": {f"rule-{n}": {"event": event, "service": service} for n, (event, service) in enumerate(rules)},
    }
    return compile_registry(document, 1, SCHEMAS)
