"""A process's view of the registry: the newest revision that it can compile, and again whenever that changes.

Revisions are looked for each second, and at once when somebody says on `mih.control` that there is a new one. Neither
a database that is away nor a revision that this process cannot read takes away the one that it has.
"""

import asyncio
from collections.abc import AsyncIterator

import structlog

from pipeline.errors import Misconfigured, Unavailable
from pipeline.pause import pause
from pipeline.registry.examine import Transports
from pipeline.registry.registry import Registry, compile_registry
from pipeline.registry.store import RevisionStore

_LOG = structlog.get_logger(__name__)


async def follow(
    store: RevisionStore, transports: Transports, *, nudge: asyncio.Event, interval_s: float = 1.0
) -> AsyncIterator[Registry]:
    """Yield the newest registry at once, and the next whenever there is one; never ends by itself."""
    following = _Following(store, transports)
    while True:
        registry = await following.newer()
        if registry:
            yield registry
        await pause(interval_s, nudge)
        nudge.clear()


class _Following:
    """What was seen last, so that a change is told once."""

    def __init__(self, store: RevisionStore, transports: Transports) -> None:
        self._store = store
        self._transports = transports
        #: The revision last looked at, whether it could be compiled or not.
        self._number = 0
        self._trouble: str | None = None

    async def newer(self) -> Registry | None:
        """The newest registry if it is another than before and can be compiled."""
        try:
            number = await self._store.latest_number()
            document = None if number in {0, self._number} else await self._store.load(number)
        except Unavailable as away:
            self._tell(str(away))
            return None
        self._tell(None)
        if document is None:
            return None
        self._number = number
        try:
            # In a thread, so that deliveries go on while a thousand rules are compiled.
            return await asyncio.to_thread(compile_registry, document, number, self._transports)
        except Misconfigured as unreadable:
            _LOG.error("a revision of the registry cannot be read here", revision=number, reasons=str(unreadable))
            return None

    def _tell(self, trouble: str | None) -> None:
        if (trouble is None) != (self._trouble is None):
            if trouble:
                _LOG.warning("the registry's database is away, the last revision stays", reason=trouble)
            else:
                _LOG.info("the registry's database is back")
        self._trouble = trouble
