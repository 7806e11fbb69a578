"""One stage after another on a real RabbitMQ and Redis, in this process, so that it can die at any line."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from pipeline.attempt.transports import SCHEMAS
from pipeline.broker import Incoming, Outgoing, Session, Take, consume, open_getter, open_session
from pipeline.registry import Registry, compile_registry
from pipeline.settings import Settings
from pipeline.shared_state import SharedState, open_shared_state
from topology.declare import declare
from topology.entities import Topology, topology_of

SERVICES = ["erp", "lms", "sis"]
TOPOLOGY = topology_of(SERVICES)
#: Seconds within which anything here must have happened; far more than it needs.
WITHIN_S = 20


@dataclass
class World:
    """A session that looks on, and addresses for those that do the work."""

    settings: Settings
    session: Session
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

    async def depth(self, queue: str) -> int:
        """Messages that are ready."""
        async with open_getter(self.session) as getter:
            return await getter.depth(queue)

    async def ready(self, queue: str) -> list[Incoming]:
        """Take what is there now."""
        taken: list[Incoming] = []
        async with open_getter(self.session) as getter:
            while message := await getter.get(queue):
                taken.append(message)
                await getter.ack(message)
        return taken

    async def drained(self, queue: str, count: int) -> list[Incoming]:
        """Wait for that many messages and take them."""
        await self.until_depth(queue, count)
        return await self.ready(queue)

    async def until_depth(self, queue: str, depth: int) -> None:
        async def found() -> bool:
            return await self.depth(queue) == depth

        await eventually(found, f"{queue} holds {depth}")


def without_ladder(topology: Topology) -> Topology:
    """All but its twenty levels, which take longer to declare than most tests here to run."""
    return replace(
        topology,
        queues=tuple(queue for queue in topology.queues if not queue.name.startswith("mih.delay.")),
        bindings=tuple(binding for binding in topology.bindings if not binding.source.startswith("mih.delay.")),
    )


@asynccontextmanager
async def a_world(amqp_url: str, redis_url: str, topology: Topology = TOPOLOGY) -> AsyncIterator[World]:
    """Fails at its end for an exception that nobody retrieved and a task that nobody ended."""
    await asyncio.to_thread(declare, amqp_url, topology)
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    before = asyncio.all_tasks()
    settings = Settings.model_validate({"amqp_url": amqp_url, "redis_url": redis_url})
    async with open_session(amqp_url, "test") as session, open_shared_state(redis_url, monotonic) as shared:
        yield World(settings, session, shared)

    async def all_ended() -> bool:
        return not asyncio.all_tasks() - before - {asyncio.current_task()}

    await eventually(all_ended, "no task is left")
    gc.collect()
    await asyncio.sleep(0)
    assert not unheard, unheard


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
