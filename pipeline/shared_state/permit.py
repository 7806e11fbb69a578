"""What a sender asks before an attempt and says after it, and what it is told: shared by Redis and by memory."""

from dataclasses import dataclass, field
from enum import StrEnum

#: Seconds: a slot of the rate limit that is so far ahead is reserved; one further ahead is asked for again.
MAX_RESERVED_S = 1.0
#: Seconds until a full window is worth another question.
FULL_WAIT_S = 0.1


class State(StrEnum):
    """The states of a breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a service's breaker and limits go by; the rate's interval is 0 where there is no limit."""

    mode: str = "consecutive"
    failures: int = 5
    ratio: float = 0.5
    window_ms: int = 30_000
    minimum: int = 20
    cooldown_ms: int = 30_000
    #: After so long an attempt that says nothing more is over: its process died, or hangs.
    lease_ms: int = 15_000
    rate_interval_us: int = 0


@dataclass(frozen=True, slots=True)
class Permit:
    """Go on, once `delay_s` is over; what `report` or `release` gives back."""

    token: str
    granted_ms: int
    delay_s: float = 0.0
    is_probe: bool = False
    #: Granted whatever the breaker says, so its report says nothing to the breaker.
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """This delivery reached its service already."""


@dataclass(frozen=True, slots=True)
class Open:
    """The breaker is open; the next probe may start in so many seconds."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class Later:
    """Too much is on its way; ask again in so many seconds."""

    wait_s: float


Answer = Permit | Known | Open | Later


@dataclass(frozen=True, slots=True)
class Burden:
    """What an attempt says of its service."""

    #: It counts against the breaker.
    fails: bool = False
    #: Too much is asked of it: fewer requests in flight.
    strains: bool = False
    #: It refuses our credentials.
    refuses: bool = False
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What a report led to: whether the attempt counts, the breaker's state now, refusals in a row."""

    counts: bool = True
    state: State = State.CLOSED
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A service as the fleet sees it; times in ms since the epoch, None where there is none."""

    state: State = State.CLOSED
    #: When the outage began; None while closed.
    since_ms: int | None = None
    #: When the next probe may start: while half-open, should this one never report.
    next_probe_ms: int | None = None
    failures: int = 0
    #: The fleet's limit of requests in flight; None is none.
    window: int | None = None
    flying: int = 0
    last_error: str = ""
    last_error_ms: int | None = None
    #: When what was last taken from the queue for the first time had been published, or, later, when it was empty.
    head_ms: int | None = None
    #: Answers of the last five minutes: upper bound of the latency in ms → how many.
    latencies: dict[int, int] = field(default_factory=dict)
    #: Answers per second over the last minute.
    rate: float = 0.0
