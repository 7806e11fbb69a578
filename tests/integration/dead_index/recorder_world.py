"""A recorder at work in this process, on a real RabbitMQ and a database."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from indexed_letters import dead_delivery
from queues import WITHIN_S, Queues, nothing_unheard, without_ladder

from pipeline.broker import open_session
from pipeline.database import create_database
from pipeline.dead_index import DeadIndex
from pipeline.recorder import run_recorder
from pipeline.settings import Settings
from topology.declare import declare
from topology.entities import topology_of


@dataclass
class World(Queues):
    """Looks at queues and at the index."""

    settings: Settings
    index: DeadIndex

    async def die(self, numbers: Iterable[int], service: str = "erp") -> None:
        """So many deliveries die, as a sender lets them."""
        await asyncio.gather(*(self.session.publish(dead_delivery(number, service)) for number in numbers))

    async def until_indexed(self, counts: dict[str, int]) -> None:
        found: dict[str, int] = {}
        for _ in range(WITHIN_S * 20):
            if (found := await self.index.counts()) == counts:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"the index knows {found}, not {counts}")

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        task = asyncio.create_task(run_recorder(self.settings, stopping=stopping))
        try:
            yield
        finally:
            stopping.set()
            async with asyncio.timeout(WITHIN_S):
                await task


@asynccontextmanager
async def a_recorded_world(amqp_url: str, database_url: str) -> AsyncIterator[World]:
    await asyncio.to_thread(declare, amqp_url, without_ladder(topology_of(["erp", "lms"])))
    settings = Settings.model_validate({"amqp_url": amqp_url, "database_url": database_url})
    create_database(settings.effective_database_url())
    async with (
        nothing_unheard(),
        open_session(amqp_url, "test") as session,
        DeadIndex.open(settings.effective_database_url()) as index,
    ):
        yield World(session, settings, index)
