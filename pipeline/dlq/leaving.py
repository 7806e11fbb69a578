"""Leaving: takes out of the index what left its queue, in batches, while the walk goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.dead_index import DeadIndex, Selection
from pipeline.errors import Unavailable

#: Letters for which one question to the database is worth it.
_BATCH = 500


@dataclass(slots=True, eq=False)
class Leaving:
    """What left a place since the walk began."""

    index: DeadIndex
    place: str
    since: datetime
    #: Why the index still has letters that left.
    trouble: str = ""
    _here: set[str] = field(default_factory=set)
    _ids: list[str] = field(default_factory=list)
    _enough: asyncio.Event = field(default_factory=asyncio.Event)

    def left(self, letter_id: str) -> None:
        """Note one letter."""
        self._ids.append(letter_id)
        if len(self._ids) >= _BATCH:
            self._enough.set()

    def stays(self, letter_id: str) -> None:
        """Note one letter that is still there."""
        self._here.add(letter_id)

    async def keep_removing(self) -> None:
        """Remove whatever was noted, whenever it is enough."""
        while True:
            await self._enough.wait()
            await self.remove()

    async def remove(self) -> None:
        """Remove what was noted, or say in `trouble` why it could not be."""
        self._enough.clear()
        ids = list(self._ids)
        try:
            await self.index.remove(self.place, ids, died_before=self.since)
        except Unavailable as away:
            self.trouble = str(away)
        else:
            self.trouble = ""
            del self._ids[: len(ids)]

    async def agree(self, depth: int) -> None:
        """After a whole walk, remove as well what left on one that was killed before it could say so.

        Only where that is exactly what the index knows too much: a letter can be out of sight, in somebody's hand.
        """
        await self.remove()
        try:
            too_many = (await self.index.counts()).get(self.place, 0) - depth
            if too_many > 0:
                known = self.index.select(Selection(place=self.place, died_before=self.since))
                unseen = [entry.letter_id async for entry in known if entry.letter_id not in self._here]
                if len(unseen) == too_many:
                    await self.index.remove(self.place, unseen, died_before=self.since)
        except Unavailable as away:
            self.trouble = str(away)


@asynccontextmanager
async def leaving(index: DeadIndex, place: str, since: datetime) -> AsyncIterator[Leaving]:
    """Take letters that leave a place out of the index while inside, and the last of them at its end."""
    gone = Leaving(index, place, since)
    removing = asyncio.create_task(gone.keep_removing(), name="tell the index what left")
    try:
        yield gone
    finally:
        removing.cancel()
        await asyncio.gather(removing, return_exceptions=True)
        await gone.remove()
