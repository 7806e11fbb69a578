"""A process's view of the registry: what people said of it, the newest revision that it can compile, and each change.

Both are looked for each second, and at once when somebody says on `mih.control` that there is something new. Neither a
database that is away nor a revision that this process cannot read takes away what it has. What was said is always read
first: no service is served that is paused.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import structlog

from pipeline.errors import Misconfigured, Unavailable
from pipeline.pause import pause
from pipeline.registry.examine import Transports
from pipeline.registry.interventions import Interventions, InterventionStore
from pipeline.registry.registry import Registry, compile_registry
from pipeline.registry.store import RevisionStore

_LOG = structlog.get_logger(__name__)


async def follow(
    store: RevisionStore,
    words: InterventionStore,
    transports: Transports,
    *,
    nudge: asyncio.Event,
    interval_s: float = 1.0,
) -> AsyncIterator[Interventions | Registry]:
    """Yield what was said, if anything, and the newest registry at once, each again when it changes; never ends."""
    following = _Following(store, words, transports)
    while True:
        async for new in following.news():
            yield new
        await pause(interval_s, nudge)
        nudge.clear()


class _Following:
    """What was seen last, so that a change is told once."""

    def __init__(self, store: RevisionStore, words: InterventionStore, transports: Transports) -> None:
        self._store = store
        self._words = words
        self._transports = transports
        self._said = Interventions()
        #: The revision last looked at, whether it could be compiled or not.
        self._number = 0
        self._trouble: str | None = None

    async def news(self) -> AsyncIterator[Interventions | Registry]:
        """What is another than before."""
        try:
            said = await self._words.all()
            number = await self._store.latest_number()
            document = None if number in {0, self._number} else await self._store.load(number)
        except Unavailable as away:
            self._tell(str(away))
            return
        self._tell(None)
        if said != self._said:
            self._said = said
            yield said
        if document is not None:
            self._number = number
            registry = await self._compiled(document, number)
            if registry:
                yield registry

    async def _compiled(self, document: Mapping[str, Any], number: int) -> Registry | None:
        try:
            # In a thread, so that deliveries go on while a thousand rules are compiled.
            return await asyncio.to_thread(compile_registry, document, number, self._transports)
        except Misconfigured as unreadable:
            _LOG.error("a revision of the registry cannot be read here", revision=number, reasons=str(unreadable))
            return None

    def _tell(self, trouble: str | None) -> None:
        if (trouble is None) != (self._trouble is None):
            if trouble:
                _LOG.warning("the registry's database is away, what was read last stays", reason=trouble)
            else:
                _LOG.info("the registry's database is back")
        self._trouble = trouble
