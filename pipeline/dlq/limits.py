"""Keeping the limits of dead letters: what a registry says, looked after once a minute, and what goes is counted.

The index tells whether a place is over its limits (`excess.py`), and the walk drops what its own words say died too
long ago. So a letter is never dropped that tells no time of death, and one that died again since is as young as that.
A letter is counted before it is dropped: who is killed in between counts what was in hand a second time, and nothing
goes that was not counted.

Where a walk met fewer than the index knows, the index knew letters that left without its being told. It is told then,
and the place is left alone for a while, lest a queue be passed over each minute in vain.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from pipeline.broker import Incoming, Session, open_session, ready_in
from pipeline.dead_index import DeadIndex, Selection
from pipeline.dead_letter import time_of
from pipeline.dlq.decision import Decision, Drop, Keep
from pipeline.dlq.excess import Excess, Known, excess
from pipeline.dlq.leaving import Leaving, leaving
from pipeline.dlq.walk import Walk
from pipeline.errors import Unavailable, Unreadable
from pipeline.pause import pause
from pipeline.registry import CurrentRegistry, ServiceBase
from pipeline.registry.protection import DeadLetters
from pipeline.settings import Settings
from topology import names

#: Seconds between two looks at the index.
LOOK_EVERY_S = 60.0
#: How long a place is left alone in which a walk did not find what the index knows.
_REST = timedelta(hours=1)
_NO_LIMITS = DeadLetters()

log = structlog.get_logger()


async def keep_limits(
    settings: Settings, current: CurrentRegistry, *, stopping: asyncio.Event, every_s: float = LOOK_EVERY_S
) -> None:
    """Drop what is over the limits of the registry in force, whenever it is, until `stopping`."""
    if not await current.loaded(stopping):
        return
    async with DeadIndex.open(settings.effective_database_url()) as index:
        keeping = _Keeping(settings.amqp_url, index, stopping)
        while not stopping.is_set():
            await keeping.look(current.get().services)
            await pause(every_s, stopping)


@dataclass(slots=True, eq=False)
class _Keeping:
    """What is remembered from one look to the next."""

    amqp_url: str
    index: DeadIndex
    stopping: asyncio.Event
    _rests_until: dict[str, datetime] = field(default_factory=dict)
    _told: dict[str, str] = field(default_factory=dict)

    async def look(self, services: Mapping[str, ServiceBase]) -> None:
        """Look at each place once; what is away or not free now is for the next time."""
        with self._or_next_time("all"):
            limited = {slug: found.dead_letters for slug, found in services.items() if found.dead_letters != _NO_LIMITS}
            counts = await self.index.counts() if limited else {}
            for place in sorted(limited.keys() & counts.keys()):
                if not self.stopping.is_set():
                    with self._or_next_time(place):
                        await self._keep(place, limited[place], counts[place])

    @contextmanager
    def _or_next_time(self, place: str) -> Iterator[None]:
        try:
            yield
        except Unavailable as away:
            if self._told.get(place) != str(away):
                log.warning("the limits of dead letters cannot be kept now", place=place, reason=str(away))
            self._told[place] = str(away)
        except Exception:
            log.exception("the limits of dead letters met a bug", place=place)
        else:
            self._told.pop(place, None)

    async def _keep(self, place: str, limits: DeadLetters, letters: int) -> None:
        now = datetime.now(UTC)
        if now < self._rests_until.get(place, now):
            return
        known = await self._known(place, limits, letters)
        over = known and excess(limits, known, now)
        if over and not await self._is_dropped(place, over, now):
            log.warning("the index knows dead letters that were not found where it knows them", place=place)
            self._rests_until[place] = now + _REST

    async def _known(self, place: str, limits: DeadLetters, letters: int) -> Known | None:
        oldest = await self.index.death_of_newest(place, letters)
        is_over = limits.max_letters is not None and letters > limits.max_letters
        stays = await self.index.death_of_newest(place, limits.max_letters or 1) if is_over else None
        return Known(letters, oldest, stays) if oldest else None

    async def _is_dropped(self, place: str, over: Excess, now: datetime) -> bool:
        """Drop it; whether that was all that the index knows, or will be the next time."""
        groups = await self.index.groups(Selection(place=place, died_before=over.before))
        async with open_session(self.amqp_url, "limits") as session:
            holds = await _depth(session, place)
            dropping = _Dropping(self.index, place, over, sum(group.letters for group in groups), holds)
            try:
                async with leaving(self.index, place, now) as gone:
                    is_all = await self._walk(session, dropping, gone)
                if gone.trouble:
                    raise Unavailable(gone.trouble)
            finally:
                if dropping.counted:
                    log.warning("dead letters were dropped", place=place, holds=holds, dropped=dict(dropping.counted))
        return is_all

    async def _walk(self, session: Session, dropping: "_Dropping", gone: Leaving) -> bool:
        walk = Walk(
            session=session,
            place=dropping.place,
            decide=dropping.decide,
            left=gone.left,
            stays=gone.stays,
            until=self.stopping,
        )
        if (await walk.run()).interrupted:
            return True
        await gone.agree(await _depth(session, dropping.place))
        return dropping.met >= dropping.expected


@dataclass(slots=True, eq=False)
class _Dropping:
    """The decisions of one walk."""

    index: DeadIndex
    place: str
    over: Excess
    #: Letters that must go, as far as the index knows.
    expected: int
    #: Letters in the queue, which may be fewer than the index knows.
    holds: int
    met: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    _to_count: Counter[str] = field(default_factory=Counter)
    _counting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def decide(self, message: Incoming) -> Decision:
        """Drop a letter that must go, once it is counted."""
        died_at = _died_at(message)
        if died_at is None or not self._must_go(died_at):
            return Keep()
        self.met += 1
        await self._count(self.over.why(died_at))
        return Drop()

    def _must_go(self, died_at: datetime) -> bool:
        most = self.over.limits.max_letters
        is_one_too_many = most is not None and self.holds - self.met > most
        return died_at < self.over.before and (is_one_too_many or self.over.is_too_old(died_at))

    async def _count(self, why: str) -> None:
        """Return when it is counted; one visit to the database serves all who wait for it."""
        self._to_count[why] += 1
        async with self._counting:
            for one, letters in [*self._to_count.items()]:
                if letters:
                    await self.index.note_dropped(self.place, letters, why=one, at=datetime.now(UTC))
                    self._to_count[one] -= letters
                    self.counted[one] += letters


def _died_at(message: Incoming) -> datetime | None:
    try:
        return time_of(message.headers)
    except Unreadable:
        return None


async def _depth(session: Session, place: str) -> int:
    return await ready_in(session, names.dead_letters_at(place)) or 0
