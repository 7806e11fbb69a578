"""The account: from what was seen to sums that a person can follow, and whether they agree; pure.

published = understood + repeats + unreadable            as ingest left them
understood = wanted + unwanted                           as the rules have them
expected deliveries = delivered + dead + missing         as the services saw them, and nothing else (surplus)
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """A request at a service: for which delivery, its method and path, and its body."""

    service: str
    delivery: str
    line: str
    body: str = ""


@dataclass(slots=True, eq=False)
class Evidence:
    """What was seen so far: by who published, by who listens in, and by the services."""

    #: The services to account for.
    services: tuple[str, ...] = ()
    #: Names of what was published, as often as it was; None is what nobody can understand.
    published: Counter[str | None] = field(default_factory=Counter)
    #: By event id, the name of what was understood.
    understood: dict[str, str] = field(default_factory=dict)
    #: By event id, the requests that the rules make of it.
    wanted: dict[str, tuple[Call, ...]] = field(default_factory=dict)
    #: By event id, how often ingest met it again and dropped it, or passed it on under the id that it had.
    again: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    #: What the services accepted, and the last of it by service.
    accepted: Counter[Call] = field(default_factory=Counter)
    latest: dict[str, str] = field(default_factory=dict)
    #: By delivery, how many of its attempts failed and are made again.
    failed: Counter[str] = field(default_factory=Counter)
    #: Deliveries in a dead-letter queue.
    dead: set[str] = field(default_factory=set)

    def accept(self, call: Call) -> None:
        """Keep a request that a service accepted."""
        self.accepted[call] += 1
        self.latest[call.service] = call.line


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The deliveries of one service; those that are `waiting` to be tried again are among the missing."""

    service: str
    expected: int
    delivered: int
    waiting: int
    dead: int
    missing: int
    surplus: int


@dataclass(frozen=True, slots=True)
class Account:
    """The sums; `planned` is what is to be published, `lost` names what was published and understood by nobody."""

    planned: int
    published: int
    understood: int
    repeats: int
    unreadable: int
    unwanted: int
    failed_attempts: int
    lost: tuple[str, ...]
    services: tuple[ServiceAccount, ...]

    @property
    def is_settled(self) -> bool:
        """Whether all that was planned has come to its end, be it good or bad."""
        return self.events_agree and not any(service.missing for service in self.services)

    @property
    def agrees(self) -> bool:
        """Whether every event is accounted for, and every delivery arrived, once."""
        return self.is_settled and not any(service.dead or service.surplus for service in self.services)

    @property
    def wanted(self) -> int:
        """The events that a rule wants."""
        return self.understood - self.unwanted

    def total(self, what: str) -> int:
        """A number of all services together."""
        return sum(getattr(service, what) for service in self.services)

    @property
    def events_agree(self) -> bool:
        """Whether every event that was planned was published, and came out of ingest one way or another."""
        accounted = self.understood + self.repeats + self.unreadable
        return self.planned == self.published == accounted and not self.lost


def take_account(seen: Evidence, *, planned: int) -> Account:
    """Sum up what was seen so far."""
    names = set(seen.understood.values())
    return Account(
        planned=planned,
        published=seen.published.total(),
        understood=len(seen.understood),
        repeats=sum(_repeats(seen)),
        unreadable=seen.unreadable,
        unwanted=sum(not seen.wanted.get(event_id) for event_id in seen.understood),
        failed_attempts=sum(seen.failed[call.delivery] for call in _expected(seen)),
        lost=tuple(name for name in seen.published if name is not None and name not in names),
        services=tuple(_service(slug, seen) for slug in seen.services),
    )


def _repeats(seen: Evidence) -> Iterator[int]:
    for event_id, name in seen.understood.items():
        # Not more than were published: a stage that was killed meets a message again that was published once.
        yield max(0, min(seen.again[event_id], seen.published[name] - 1))


def _expected(seen: Evidence) -> Iterable[Call]:
    return (call for calls in seen.wanted.values() for call in calls)


def _service(slug: str, seen: Evidence) -> ServiceAccount:
    expected = {call for call in _expected(seen) if call.service == slug}
    accepted = Counter({call: times for call, times in seen.accepted.items() if call.service == slug})
    open_ones = {call.delivery for call in expected if call not in accepted}
    delivered = len(expected) - len(open_ones)
    dead = len(open_ones & seen.dead)
    return ServiceAccount(
        service=slug,
        expected=len(expected),
        delivered=delivered,
        waiting=sum(delivery in seen.failed for delivery in open_ones - seen.dead),
        dead=dead,
        missing=len(open_ones) - dead,
        surplus=accepted.total() - delivered,
    )
