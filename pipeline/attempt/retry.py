"""What follows an attempt: nothing, a wait, or the end; pure, with `jitter` and the age as arguments.

An attempt that does not count (its service's breaker was open, or the service is paused for it) leaves the delivery as
it was: the same attempt comes again, whatever its number and its age.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import assert_never

from pipeline.outcome import Ending, Outcome
from pipeline.registry.model import Retry
from topology.delay import MAX_SECONDS

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
    """After so many whole seconds comes attempt number `attempt`: the next, or the same where that did not count."""

    seconds: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Dead:
    """Never again by itself: a dead letter, for this reason."""

    reason: str


Next = Done | Wait | Dead


def what_follows(  # noqa: PLR0913 - all that the decision goes by, and nothing else
    outcome: Outcome,
    *,
    attempt: int,
    age: timedelta,
    policy: Retry,
    jitter: float,
    counts: bool = True,
    wait_s: float | None = None,
) -> Next:
    """Decide after attempt number `attempt` (from 1) of a delivery of this age; `jitter` is in [0, 1).

    Where the attempt does not count (`counts`), `wait_s` is when the service may be asked again, if that is known.
    """
    match outcome.ending:
        case Ending.DELIVERED:
            return Done()
        case Ending.CANNOT_PASS:
            return Dead(outcome.reason)
        case Ending.MAY_PASS if counts:
            if attempt >= policy.max_attempts:
                return Dead(f"{outcome.reason}, after {attempt} attempts")
            if age >= policy.max_age:
                return Dead(f"{outcome.reason}, older than max_age after {attempt} attempts")
            return Wait(delay_before(attempt + 1, policy, jitter, outcome.retry_after_s), attempt + 1)
        case Ending.MAY_PASS | Ending.FORBIDDEN | Ending.GONE:
            pause_s = backoff_s(attempt + 1, policy) if wait_s is None else wait_s
            return Wait(_delay(pause_s, jitter, outcome.retry_after_s), attempt)
        case _:
            assert_never(outcome.ending)


def delay_before(attempt: int, policy: Retry, jitter: float, asked_s: float | None = None) -> int:
    """Whole seconds before attempt number `attempt` (from 2): doubling, never less than the service asked for."""
    return _delay(backoff_s(attempt, policy), jitter, asked_s)


def backoff_s(attempt: int, policy: Retry) -> float:
    """Seconds before attempt number `attempt` (from 2), without jitter."""
    doubled_s: float = policy.backoff.total_seconds() * 2.0 ** min(attempt - 2, _MOST_DOUBLINGS)
    return min(doubled_s, policy.max_backoff.total_seconds())


def _delay(pause_s: float, jitter: float, asked_s: float | None) -> int:
    longest = max(1, pause_s * (1 + JITTER * jitter), min(asked_s or 0, RETRY_AFTER_LIMIT_S))
    seconds: int = min(ceil(longest), MAX_SECONDS)
    return seconds
