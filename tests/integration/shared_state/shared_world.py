"""Shared state on a real Redis, with a clock that a test moves."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pipeline.shared_state import Claims, SharedState, open_shared_state
from pipeline.shared_state.redis import AWAY_FOR_S

MINUTE = timedelta(minutes=1)


@dataclass
class World:
    """The claims of one process; `now` is its clock in seconds."""

    state: SharedState
    claims: Claims
    clock: list[float]

    def pass_time(self, seconds: float = AWAY_FOR_S) -> None:
        """By default as long as Redis is left in peace after it did not answer."""
        self.clock[0] += seconds


@asynccontextmanager
async def a_world(redis_url: str) -> AsyncIterator[World]:
    """Fails at its end for an exception that nobody retrieved and a task that nobody ended."""
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    before = asyncio.all_tasks()
    clock = [1000.0]
    async with open_shared_state(redis_url, lambda: clock[0]) as state:
        yield World(state, Claims(state), clock)
    async with asyncio.timeout(5):
        while asyncio.all_tasks() - before - {asyncio.current_task()}:  # noqa: ASYNC110 - tasks tell nobody
            await asyncio.sleep(0.01)
    gc.collect()
    await asyncio.sleep(0)
    assert not unheard, unheard


async def eventually(condition: Callable[[], Any], what: str) -> None:
    """Await a condition that asks Redis."""
    for _ in range(1000):
        if await condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"waited in vain until {what}")
