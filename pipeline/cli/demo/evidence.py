"""The evidence: what was seen, by who published, by who listens in, by the services, and what the hub knows of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: A breaker that lets everything pass.
CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Call:
    """A request at a service: for which delivery, in a line what it is (a method and path, say), and its body."""

    service: str
    delivery: str
    line: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """Dead letters of one cause, as the index has them."""

    service: str
    reason: str
    fingerprint: str
    letters: int


@dataclass(slots=True, eq=False)
class Evidence:
    """What was seen so far."""

    #: The services to account for, with their transports.
    services: Mapping[str, str] = field(default_factory=dict)
    #: Names of what was published, as often as it was; None is what nobody can understand.
    published: Counter[str | None] = field(default_factory=Counter)
    #: By event id, the name of what was understood.
    understood: dict[str, str] = field(default_factory=dict)
    #: By event id, the requests that the rules make of it.
    wanted: dict[str, tuple[Call, ...]] = field(default_factory=dict)
    #: By event id, how often ingest met it again and dropped it, or passed it on under the id that it had.
    again: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    #: By service, how often it was asked, whatever it answered.
    asked: Counter[str] = field(default_factory=Counter)
    #: What the services accepted, and the last of it by service.
    accepted: Counter[Call] = field(default_factory=Counter)
    latest: dict[str, str] = field(default_factory=dict)
    #: By delivery, how many of its attempts failed and are made again.
    failed: Counter[str] = field(default_factory=Counter)
    #: Deliveries that became dead letters, whatever became of them later.
    died: set[str] = field(default_factory=set)
    #: By service, how its breaker stands, and how often it opened.
    breakers: dict[str, str] = field(default_factory=dict)
    opened: Counter[str] = field(default_factory=Counter)
    #: What the index knows to be dead now.
    causes: Sequence[Cause] = ()

    def accept(self, call: Call) -> None:
        """Keep a request that a service accepted."""
        self.accepted[call] += 1
        self.latest[call.service] = call.line

    def stand(self, service: str, state: str) -> None:
        """Keep how a breaker stands; between open and half-open it has not opened again."""
        self.opened[service] += self.breakers.get(service, CLOSED) == CLOSED != state
        self.breakers[service] = state
