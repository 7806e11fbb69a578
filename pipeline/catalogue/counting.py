"""Counting what passes: noted in memory by who sees each event, written down every few seconds by a task of its own.

It is a catalogue, for people who look up what an event holds, and no accounting: a process that is killed takes the
counts of its last seconds with it, and an event that comes again, by a crash or a replay, counts again. A database
that is away costs counts once too much is waiting for it; it never costs a message, and none waits for it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from pipeline.catalogue.sightings import Sightings
from pipeline.catalogue.store import CatalogueStore
from pipeline.errors import Unavailable
from pipeline.pause import pause

#: Seconds between two writings, and for which the database may take its time over one: a stop waits for the last.
INTERVAL_S, PATIENCE_S = 2.0, 2.0

log = structlog.get_logger()


@asynccontextmanager
async def counting(database_url: str, *, interval_s: float = INTERVAL_S) -> AsyncIterator[Sightings]:
    """Give what notes events; what it noted is written down while inside, and a last time at the end.

    Raises Misconfigured for a URL that cannot be meant.
    """
    sightings = Sightings()
    async with CatalogueStore.open(database_url, patience_s=PATIENCE_S) as store:
        ended = asyncio.Event()
        writing = asyncio.create_task(_Writing(sightings, store).run(interval_s, ended), name="write the catalogue")
        try:
            yield sightings
        finally:
            ended.set()
            await writing


class _Writing:
    """Writes down what was noted; what went wrong is told once, until it goes well again."""

    def __init__(self, sightings: Sightings, store: CatalogueStore) -> None:
        self._sightings = sightings
        self._store = store
        self._trouble = ""
        self._is_full = False

    async def run(self, interval_s: float, ended: asyncio.Event) -> None:
        """Write every few seconds; what is left at the end too, unless the database is away."""
        while not ended.is_set():
            await pause(interval_s, ended)
            await self._write()
        if not self._trouble:
            await self._write()

    async def _write(self) -> None:
        taken = self._sightings.take()
        if not taken:
            return
        try:
            left_out = await self._store.add(taken)
        except Unavailable as away:
            self._sightings.put_back(taken)
            self._tell(str(away))
        except Exception as bug:  # noqa: BLE001  nothing that a catalogue runs into is worth an event's delay
            self._tell(f"unexpected {type(bug).__name__}")
        else:
            self._tell("")
            if left_out and not self._is_full:
                self._is_full = True
                log.warning("the event catalogue is full, further types of events are not listed", left_out=left_out)

    def _tell(self, trouble: str) -> None:
        if bool(trouble) != bool(self._trouble):
            if trouble:
                log.warning("the event catalogue cannot be written, events go on uncounted", reason=trouble)
            else:
                log.info("the event catalogue is written again")
        self._trouble = trouble
