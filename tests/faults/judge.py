"""The judge: every accepted event is delivered, filtered, dead or waiting; nothing else. Sets, no clock, no I/O."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Duty:
    """One event that one service must hear of."""

    number: int
    service: str

    def __str__(self) -> str:
        return f"event {self.number} for {self.service}"


@dataclass(frozen=True, slots=True)
class Planned:
    """An event of the load, and what must become of it."""

    number: int
    body: bytes
    hearers: tuple[str, ...] = ()
    #: Its hearers answer that they will never take it.
    refused: bool = False
    readable: bool = True
    #: Published a second time a little later, under the same id.
    repeated: bool = False

    @property
    def duties(self) -> frozenset[Duty]:
        return frozenset(Duty(self.number, service) for service in self.hearers)


@dataclass(slots=True)
class Found:
    """What lay where when the load was over and the roles had stopped."""

    #: Answered with success by their service.
    delivered: Counter[Duty] = field(default_factory=Counter)
    dead: Counter[Duty] = field(default_factory=Counter)
    #: In a service's queue, in the delay ladder, among a sender's suspects, or unroutable.
    waiting: Counter[Duty] = field(default_factory=Counter)
    #: Not yet with the router, or among suspects: all that they lead to waits.
    events_waiting: set[int] = field(default_factory=set)
    #: Seen on mih.normalized by a program that listens in.
    understood: set[int] = field(default_factory=set)
    invalid: set[int] = field(default_factory=set)
    #: Messages that are nothing of the load's, and where they lay.
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the sets say; what must be empty is told one by one."""

    delivered: int
    dead: int
    waiting: int
    filtered: int
    #: By service, what it took more than once.
    duplicates_at: Mapping[str, int]
    #: Nowhere to be found.
    lost: tuple[str, ...]
    #: Waits although its service is well and the hub had all the time it may take.
    stalled: tuple[str, ...]
    #: Found where it must not be: delivered to nobody's wish, dead without need.
    strays: tuple[str, ...]

    @property
    def duplicates(self) -> int:
        return sum(self.duplicates_at.values())


def judge(load: Iterable[Planned], found: Found, *, down: frozenset[str] = frozenset()) -> Verdict:
    """Reconcile what was accepted with what was found; what is for a service that is `down` may wait."""
    events = {event.number: event for event in load}
    duties = frozenset[Duty]().union(*(event.duties for event in events.values()))
    ended = {*found.delivered, *found.dead}
    unrouted = {duty for duty in duties - ended if duty.number in found.events_waiting}
    waiting = ({*found.waiting} | unrouted) - ended
    return Verdict(
        delivered=len(found.delivered),
        dead=len(found.dead),
        waiting=len(waiting),
        filtered=sum(event.readable and not event.hearers for event in events.values()),
        duplicates_at=Counter(duty.service for duty in (found.delivered - Counter({*found.delivered})).elements()),
        lost=(*map(str, sorted(duties - ended - waiting)), *_lost_at_the_door(events, found)),
        stalled=tuple(str(duty) for duty in sorted(waiting) if duty.service not in down),
        strays=(*_strays(events, duties, found), *found.unknown),
    )


def _lost_at_the_door(events: Mapping[int, Planned], found: Found) -> Iterable[str]:
    for number, event in events.items():
        seen = found.understood if event.readable else found.invalid
        if number not in seen and number not in found.events_waiting:
            yield f"event {number}, neither understood nor found unreadable"


def _strays(events: Mapping[int, Planned], duties: frozenset[Duty], found: Found) -> Iterable[str]:
    for duty in sorted({*found.delivered, *found.dead, *found.waiting} - duties):
        yield f"{duty}, which must not hear of it"
    for duty in sorted(duties & {*found.dead}):
        if not events[duty.number].refused:
            yield f"{duty} is dead, which would have taken it"
    for number in sorted(found.invalid):
        if number not in events or events[number].readable:
            yield f"event {number} counts as unreadable"
