"""What a command needs to walk over dead letters: RabbitMQ, the index, a way to end, and something to look at."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rich.progress import MofNCompleteColumn, Progress

from pipeline.broker import Session, open_session, ready_in
from pipeline.cli.dlq.places import places_of
from pipeline.cli.output import complain, console
from pipeline.dead_index import DeadIndex, Selection
from pipeline.dlq import Decide, Pace, Walk, Walked, leaving
from pipeline.errors import Unavailable
from pipeline.settings import Settings
from topology import names
from topology.depths import read_depths


@dataclass(frozen=True, slots=True)
class Passed:
    """What came of one place: a walk, or as far as it came, and why it came no further."""

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

        Whatever hinders the walk is told with what it did before.
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
                    await gone.agree(await ready_in(self.session, walk.queue) or 0)
            except Unavailable as hindered:
                passed = Passed(place, walk.done, str(hindered))
        if gone.trouble:
            complain(f"`mih dlq list` still shows what left {place}: {gone.trouble}")
        return passed


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


def ending(one: Passed) -> list[str]:
    """What is left to say of a walk that is told: what is still there, and why."""
    told = [f"  {count:,} stay: {reason}" for reason, count in one.walked.stayed.items()]
    if one.walked.interrupted:
        told.append("  interrupted: what it had not met is still there")
    if one.refused:
        told.append(f"  it broke off, and what it had not met is still there: {one.refused}")
    return told


async def places_meant(settings: Settings, selection: Selection, index: DeadIndex, slugs: Sequence[str]) -> list[str]:
    """The places that a walk must visit: the one that is named, or where letters are; of all, those of services only.

    Raises Unavailable.
    """
    if selection.place:
        return [selection.place]
    if selection != Selection():
        return sorted({group.place for group in await index.groups(selection)})
    depths = await asyncio.to_thread(read_depths, settings.amqp_url, [*map(names.dead_letter_queue, slugs)])
    return [one.place for one in places_of(slugs, await index.counts(), depths) if one.index or one.queue]


def say(*lines: str) -> None:
    """Print lines as they are."""
    for line in lines:
        console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)
