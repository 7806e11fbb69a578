"""What a command needs to walk over dead letters: RabbitMQ, the index, a way to end, and something to look at."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rich.progress import MofNCompleteColumn, Progress

from pipeline.broker import Session, open_getter, open_session
from pipeline.cli.output import complain, console
from pipeline.dead_index import DeadIndex, Selection
from pipeline.dlq import Decide, Pace, Walk, Walked, leaving
from pipeline.errors import Unavailable
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Passed:
    """What came of one place: a walk, or why there was none."""

    place: str
    walked: Walked = field(default_factory=lambda: Walked(0))
    refused: str = ""

    @property
    def is_done(self) -> bool:
        """Nothing that was chosen is still there."""
        return not (self.refused or self.walked.stayed or self.walked.interrupted)


@dataclass(frozen=True, slots=True)
class Walking:
    """Walks, one after the other."""

    session: Session
    index: DeadIndex
    until: asyncio.Event
    progress: Progress
    doing: str

    async def over(
        self,
        place: str,
        decide: Decide,
        *,
        room: Callable[[], Awaitable[int]] | None = None,
        pace: Pace | None = None,
    ) -> Passed:
        """Walk over a place, and tell the index what left.

        Raises Unavailable when the broker is lost; what else hinders a walk is the place's own trouble.
        """
        task = self.progress.add_task(f"{self.doing} {place}", total=None)

        def show(so_far: Walked) -> None:
            word = ": waits for room" if so_far.waiting else ""
            self.progress.update(
                task, description=f"{self.doing} {place}{word}", total=so_far.depth, completed=so_far.met
            )

        async with leaving(self.index, place, datetime.now(UTC)) as gone:
            walk = Walk(
                session=self.session,
                place=place,
                decide=decide,
                progress=show,
                left=gone.left,
                stays=gone.stays,
                room=room,
                pace=pace,
                until=self.until,
            )
            try:
                passed = Passed(place, await walk.run())
                if not passed.walked.interrupted:
                    await gone.agree(await self._depth(walk.queue))
            except Unavailable as hindered:
                if self.session.lost.is_set():
                    raise
                passed = Passed(place, refused=str(hindered))
        if gone.trouble:
            complain(f"`mih dlq list` still shows what left {place}: {gone.trouble}")
        return passed

    async def _depth(self, queue: str) -> int:
        async with open_getter(self.session) as getter:
            return await getter.depth(queue)


@asynccontextmanager
async def walking(settings: Settings, index: DeadIndex, doing: str, *, show: bool) -> AsyncIterator[Walking]:
    """Connect, and let Ctrl-C or SIGTERM end a walk with what it has in hand.

    Raises Unavailable.
    """
    until = asyncio.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, until.set)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not (show and console.is_terminal), transient=True) as progress:
        async with open_session(settings.amqp_url, doing) as session:
            yield Walking(session, index, until, progress, doing)


async def places_of(selection: Selection, index: DeadIndex, otherwise: list[str]) -> list[str]:
    """The places that a walk must visit: the one that is named, those where the index knows what is meant, or these.

    Raises Unavailable.
    """
    if selection.place:
        return [selection.place]
    if selection == Selection():
        return otherwise
    return sorted({group.place for group in await index.groups(selection)})
