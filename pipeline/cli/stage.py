"""Running one role until it is told to stop: settings, logs, signals, and what the role asks for."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

import structlog

from pipeline.logs import configure_logs
from pipeline.settings import Settings, load_settings
from pipeline.shared_state import SharedState, open_shared_state

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stage:
    """What a role runs with."""

    settings: Settings
    stopping: asyncio.Event

    def shared(self) -> contextlib.AbstractAsyncContextManager[SharedState]:
        """Open what processes share in Redis."""
        return open_shared_state(self.settings.redis_url, monotonic)


def run_stage(role: str, run: Callable[[Stage], Awaitable[None]]) -> None:
    """Run a role in this process until SIGTERM or Ctrl-C."""
    settings = load_settings()
    configure_logs(settings, role)
    asyncio.run(_until_told(settings, run))


async def _until_told(settings: Settings, run: Callable[[Stage], Awaitable[None]]) -> None:
    stopping = asyncio.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, stopping.set)
    log.info("started")
    await run(Stage(settings, stopping))
    log.info("stopped")
