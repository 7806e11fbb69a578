"""The account: from what was seen to sums that a person can follow, and whether they agree; pure.

published = understood + repeats + unreadable            as ingest left them
understood = wanted + unwanted                           as the rules have them
expected deliveries = delivered + dead + missing         as the services saw them, and nothing else (surplus)
died = replayed + dead                                   as the broker saw them, and the services afterwards
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.cli.demo.evidence import CLOSED, Call, Cause, Evidence


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The deliveries of one service; of those that `died`, those which are not `dead` any more were replayed.

    What came `again` is what came before, with the same key: a sender that is killed cannot know that it has arrived.
    """

    service: str
    transport: str
    expected: int
    asked: int
    delivered: int
    died: int
    dead: int
    missing: int
    again: int
    surplus: int
    breaker: str
    opened: int

    @property
    def is_well(self) -> bool:
        """Whether nothing waits for it, and nothing is held back."""
        return not self.missing and self.breaker == CLOSED


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
    causes: tuple[Cause, ...]

    @property
    def is_settled(self) -> bool:
        """Whether all that was planned has come to its end, be it good or bad."""
        return self.events_agree and not any(service.missing for service in self.services)

    @property
    def agrees(self) -> bool:
        """Whether every event is accounted for, and every delivery arrived, after all that was to happen."""
        return self.is_settled and self.is_delivered and self.is_replayed and self.total("opened") > 0

    @property
    def is_delivered(self) -> bool:
        """Whether what is expected arrived, and nothing else did."""
        return not any(service.missing or service.dead or service.surplus for service in self.services)

    @property
    def is_replayed(self) -> bool:
        """Whether some deliveries died, and no letter is left."""
        return self.replayed > 0 == self.total("dead") and not self.causes

    @property
    def is_indexed(self) -> bool:
        """Whether the index knows of every letter that is dead."""
        return sum(cause.letters for cause in self.causes) >= self.total("dead")

    @property
    def replayed(self) -> int:
        """The deliveries that were dead, and arrived."""
        return self.total("died") - self.total("dead")

    def of(self, slug: str) -> ServiceAccount:
        """One service's account."""
        return next(service for service in self.services if service.service == slug)

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
        causes=tuple(cause for cause in seen.causes if cause.service in seen.services),
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
    arrived = sum(times for call, times in accepted.items() if call in expected)
    open_ones = {call.delivery for call in expected if call not in accepted}
    delivered = len(expected) - len(open_ones)
    dead = len(open_ones & seen.died)
    return ServiceAccount(
        service=slug,
        transport=seen.services[slug],
        expected=len(expected),
        asked=seen.asked[slug],
        delivered=delivered,
        died=sum(call.delivery in seen.died for call in expected),
        dead=dead,
        missing=len(open_ones) - dead,
        again=arrived - delivered,
        surplus=accepted.total() - arrived,
        breaker=seen.breakers.get(slug, CLOSED),
        opened=seen.opened[slug],
    )
