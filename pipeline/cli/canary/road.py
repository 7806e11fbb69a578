"""What is known of one canary's road: an event of the hub's own, followed from its publication to every service."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from socket import gethostname
from time import monotonic
from uuid import uuid4

import orjson

from pipeline.broker import Incoming, Outgoing
from pipeline.delivery import Delivery
from pipeline.event import CONTENT_TYPE, Event
from pipeline.outcome import Ending
from pipeline.registry import Registry
from pipeline.rules import Refused, plan
from topology import names

TYPE = "mih.canary"
_SOURCE = "mih-canary"


class Became(StrEnum):
    """What becomes of a canary."""

    ARRIVED = "arrived"
    #: A delivery of it is a dead letter.
    DEAD = "dead"
    #: Not at its end in time.
    LOST = "lost"
    #: Not confirmed, or not followed to its end, for the broker was away: it may be on its way.
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Leg:
    """The way to one service, and the last that was heard of it."""

    rule: str
    service: str
    ending: str = ""
    reason: str = ""
    attempt: int = 0
    is_dead: bool = False
    after_s: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be heard."""
        return self.is_dead or self.ending == Ending.DELIVERED


@dataclass(slots=True)
class Road:
    """One canary; times are seconds since it was sent."""

    event: Event
    #: By the id of the delivery.
    legs: dict[str, Leg]
    sent: float = field(default_factory=monotonic)
    confirmed_s: float | None = None
    understood_s: float | None = None
    #: Why it is not known further.
    trouble: str = ""

    def message(self) -> Outgoing:
        """As any application publishes it."""
        return Outgoing(names.EVENTS, TYPE, self.event.to_bytes(), CONTENT_TYPE)

    def begin(self) -> None:
        """Count from now."""
        self.sent = monotonic()

    def confirmed(self) -> None:
        """Hear that RabbitMQ has it."""
        self.confirmed_s = self._now()

    def understood(self, message: Incoming) -> None:
        """Hear what ingest hands on."""
        if message.headers.get(names.HEADER_EVENT_ID) == self.event.id and self.understood_s is None:
            self.understood_s = self._now()

    def ended(self, message: Incoming) -> None:
        """Hear an outcome."""
        leg = self.legs.get(str(message.headers.get(names.HEADER_DELIVERY_ID)))
        if leg is None or leg.is_over:
            return
        told = orjson.loads(message.body)
        leg.ending, leg.reason, leg.attempt = told["ending"], told["reason"], told["attempt"]
        leg.is_dead, leg.after_s = told["dead"], self._now()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be heard."""
        return None not in {self.confirmed_s, self.understood_s} and all(leg.is_over for leg in self.legs.values())

    @property
    def became(self) -> Became:
        """What is known so far; who asks has waited long enough."""
        if any(leg.is_dead for leg in self.legs.values()):
            return Became.DEAD
        if self.is_over:
            return Became.ARRIVED
        return Became.UNKNOWN if self.trouble or self.confirmed_s is None else Became.LOST

    @property
    def seconds(self) -> float:
        """From its publication to the last that was heard."""
        heard = [self.confirmed_s, self.understood_s, *(leg.after_s for leg in self.legs.values())]
        return max((at for at in heard if at is not None), default=0.0)

    def missing(self) -> Iterator[str]:
        """Say what was not heard of, or ended badly."""
        if self.trouble or self.confirmed_s is None:
            yield self.trouble or "RabbitMQ has not confirmed it"
            return
        if self.understood_s is None:
            yield "ingest has not handed it on"
        for leg in self.legs.values():
            if leg.is_dead or not leg.is_over:
                yield f"{leg.service}: {leg.reason or 'no attempt'}"

    def _now(self) -> float:
        return monotonic() - self.sent


def planned_road(registry: Registry | None) -> Road:
    """Give a new canary the road that the rules in force plan for it; where there are none it ends in the router."""
    event = _canary()
    now = datetime.now(UTC)
    planned = plan(event, registry.index, revision=registry.revision, now=now) if registry else ()
    return Road(event, dict(map(_leg, planned)))


def _canary() -> Event:
    now = datetime.now(UTC)
    data = {"sent_at": now.isoformat(), "sent_from": gethostname()}
    return Event(id=str(uuid4()), source=_SOURCE, type=TYPE, time=now.isoformat(), data=data)


def _leg(planned: Delivery | Refused) -> tuple[str, Leg]:
    if isinstance(planned, Refused):
        reason = f"rule {planned.rule} cannot be rendered: {planned.reason}"
        return planned.delivery.id, Leg(planned.rule, planned.service, Ending.CANNOT_PASS, reason, is_dead=True)
    return planned.id, Leg(planned.rule, planned.service)
