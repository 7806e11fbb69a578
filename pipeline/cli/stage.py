"""Running one role until it is told to stop: settings, logs, signals, and what the role asks for."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

import structlog
import uvloop

from pipeline.health import condition, watched
from pipeline.health.metrics import UNANSWERED
from pipeline.logs import configure_logs
from pipeline.settings import Settings, load_settings
from pipeline.shared_state import SharedState, open_shared_state

#: Seconds for which an unanswered question counts: a role that has nothing to do asks no further.
_TOLD_FOR_S = 10
#: A message leaves next to no cycles behind. Python by itself looks for some after 700 new objects, which is after each
#: few messages, and spends a tenth of the time on it.
_GARBAGE = (20_000, 50, 100)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stage:
    """What a role runs with."""

    settings: Settings
    stopping: asyncio.Event

    @contextlib.asynccontextmanager
    async def shared(self) -> AsyncIterator[SharedState]:
        """Open what processes share in Redis; the role goes on without it, and says so."""
        async with open_shared_state(self.settings.redis_url, monotonic) as shared:
            UNANSWERED.set_function(lambda: shared.degraded)
            with condition(lambda: "Redis does not answer" if shared.was_away(_TOLD_FOR_S) else "", is_vital=False):
                yield shared


def run_stage(role: str, run: Callable[[Stage], Awaitable[None]]) -> None:
    """Run a role in this process until SIGTERM or Ctrl-C."""
    settings = load_settings()
    configure_logs(settings, role)
    gc.set_threshold(*_GARBAGE)
    uvloop.run(_until_told(role, settings, run))


async def _until_told(role: str, settings: Settings, run: Callable[[Stage], Awaitable[None]]) -> None:
    stopping = asyncio.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, stopping.set)
    log.info("started")
    async with watched(role, settings):
        await run(Stage(settings, stopping))
    log.info("stopped")
