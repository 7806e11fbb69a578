"""Blocked: while RabbitMQ is short of memory or disk it takes nothing from who publishes, and that is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import structlog
from aio_pika.abc import UnderlayConnection

from pipeline.health import condition
from pipeline.health.metrics import BLOCKED
from pipeline.pause import pause

#: Seconds between looks.
_LOOK_EVERY_S = 1.0
#: Seconds for an answer that takes none where nothing is blocked.
_AT_ONCE_S = 0.05

log = structlog.get_logger()


@contextlib.asynccontextmanager
async def blocks_told(connection: UnderlayConnection, lost: asyncio.Event) -> AsyncIterator[None]:
    """Say of this connection while inside when it is blocked, and since when; RabbitMQ tells only who publishes."""
    block = _Block(connection, lost)
    BLOCKED.set_function(block.seconds)
    watching = asyncio.create_task(block.watch(), name="watch for blocks")
    try:
        with condition(block.trouble):
            yield
    finally:
        watching.cancel()
        BLOCKED.set_function(lambda: 0)


class _Block:
    """What is known of one connection."""

    def __init__(self, connection: UnderlayConnection, lost: asyncio.Event) -> None:
        self._connection = connection
        self._lost = lost
        self._since: datetime | None = None

    def trouble(self) -> str:
        since = self._since
        return f"RabbitMQ blocks publishers since {since:%Y-%m-%d %H:%M:%S} UTC: memory or disk alarm" if since else ""

    def seconds(self) -> float:
        since = self._since
        return (datetime.now(UTC) - since).total_seconds() if since else 0

    async def watch(self) -> None:
        """Look again and again, until the connection is lost or this is cancelled."""
        while not self._lost.is_set():
            free = asyncio.ensure_future(self._connection.ready())
            try:
                await self._look(free)
            finally:
                free.cancel()
            await pause(_LOOK_EVERY_S, self._lost)

    async def _look(self, free: asyncio.Future[None]) -> None:
        await asyncio.wait((free,), timeout=_AT_ONCE_S)
        # Nor is a connection free that is lost.
        if free.done() or self._lost.is_set():
            return
        self._since = datetime.now(UTC)
        log.warning("the broker blocks publishers", reason="a memory or disk alarm: nothing is settled until it ends")
        try:
            await _either(free, self._lost)
            log.info("the broker blocks publishers no more", seconds=round(self.seconds()), lost=self._lost.is_set())
        finally:
            self._since = None


async def _either(free: asyncio.Future[None], lost: asyncio.Event) -> None:
    gone = asyncio.ensure_future(lost.wait())
    try:
        await asyncio.wait((free, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
