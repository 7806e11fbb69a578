"""What follows an attempt: nothing, a wait, or the end; pure, with `jitter` and the age as arguments."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import assert_never

from pipeline.outcome import Ending, Outcome
from pipeline.registry.model import Retry

#: Seconds: the longest that a service's Retry-After is believed.
RETRY_AFTER_LIMIT_S = 24 * 3600
#: The wait is longer than the backoff by up to this part, so that what failed together does not return together.
JITTER = 0.25
#: Doubling further would leave every limit anyway.
_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Done:
    """The delivery reached its service."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Try again after this many whole seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Dead:
    """Never again by itself: a dead letter, for this reason."""

    reason: str


Next = Done | Wait | Dead


def what_follows(outcome: Outcome, *, attempt: int, age: timedelta, policy: Retry, jitter: float) -> Next:
    """Decide after attempt number `attempt` (from 1) of a delivery of this age; `jitter` is in [0, 1)."""
    match outcome.ending:
        case Ending.DELIVERED:
            return Done()
        case Ending.CANNOT_PASS | Ending.FORBIDDEN | Ending.GONE:
            return Dead(outcome.reason)
        case Ending.MAY_PASS:
            if attempt >= policy.max_attempts:
                return Dead(f"{outcome.reason}, after {attempt} attempts")
            if age >= policy.max_age:
                return Dead(f"{outcome.reason}, older than max_age after {attempt} attempts")
            return Wait(delay_before(attempt + 1, policy, jitter, outcome.retry_after_s))
        case _:
            assert_never(outcome.ending)


def delay_before(attempt: int, policy: Retry, jitter: float, asked_s: float | None = None) -> int:
    """Whole seconds before attempt number `attempt` (from 2): doubling, never less than the service asked for."""
    doubled = policy.backoff * 2.0 ** min(attempt - 2, _MOST_DOUBLINGS)
    backoff_s = min(doubled, policy.max_backoff).total_seconds() * (1 + JITTER * jitter)
    return max(1, ceil(max(backoff_s, min(asked_s or 0, RETRY_AFTER_LIMIT_S))))
