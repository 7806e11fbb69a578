"""Queues as a test looks at them, and the least topology that it needs; for every room that has a broker."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from pipeline.broker import Incoming, Session, open_getter
from topology.entities import Topology

#: Seconds within which anything here must have happened; far more than it needs.
WITHIN_S = 20


def without_ladder(topology: Topology) -> Topology:
    """All but its twenty levels, which take longer to declare than most tests here to run."""
    return replace(
        topology,
        queues=tuple(queue for queue in topology.queues if not queue.name.startswith("mih.delay.")),
        bindings=tuple(binding for binding in topology.bindings if not binding.source.startswith("mih.delay.")),
    )


@asynccontextmanager
async def nothing_unheard() -> AsyncIterator[None]:
    """Fail for what asyncio would only log: an exception that nobody retrieved, a task that nobody ended."""
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    before = asyncio.all_tasks()
    yield
    mine = {asyncio.current_task()}
    await until(lambda: asyncio.all_tasks() <= before | mine, lambda: f"tasks are left: {asyncio.all_tasks()}")
    gc.collect()
    await asyncio.sleep(0)
    assert not unheard, unheard


async def until(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    """Await a condition of this process, looking often."""
    for _ in range(WITHIN_S * 20):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"after {WITHIN_S} s {what()}")


@dataclass
class Queues:
    """A session that looks on."""

    session: Session

    async def depth(self, queue: str) -> int:
        """Messages that are ready."""
        async with open_getter(self.session) as getter:
            return await getter.depth(queue)

    async def until_depth(self, queue: str, depth: int) -> None:
        found = -1
        for _ in range(WITHIN_S * 20):
            found = await self.depth(queue)
            if found == depth:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{queue} holds {found}, not {depth}")

    async def ready(self, queue: str) -> list[Incoming]:
        """Take what is there now."""
        taken: list[Incoming] = []
        async with open_getter(self.session) as getter:
            while message := await getter.get(queue):
                taken.append(message)
                await getter.ack(message)
        return taken

    async def drained(self, queue: str, count: int) -> list[Incoming]:
        """Wait for that many messages and take them, and whatever is behind them."""
        await self.until_depth(queue, count)
        return await self.ready(queue)
