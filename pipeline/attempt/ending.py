"""How an attempt ended: one pure function from what was seen to an Outcome.

| seen                                              | ending      |
|---------------------------------------------------|-------------|
| 2xx                                               | delivered   |
| no answer (connect, cut, timeout), 408 425 429 5xx| may pass    |
| any other answer                                  | cannot pass |
| not sent: there is no request, or none that can be | cannot pass |
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import assert_never

from pipeline.outcome import Ending, Outcome

#: Statuses below 500 that say "later": request timeout, too early, too many requests (RFC 9110, 8470, 6585).
_LATER = frozenset({408, 425, 429})
#: Characters of an answer that are kept with the outcome.
ANSWER_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Answered:
    """The service answered with a status; `text` is the beginning of its body."""

    status: int
    text: str = ""
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Sent, or tried to: the connection failed or no whole answer came in time."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsendable:
    """Not sent: the request cannot be built."""

    reason: str


Seen = Answered | Unanswered | Unsendable


def judge(seen: Seen, *, now: datetime, latency_ms: int) -> Outcome:
    """The outcome of an attempt in which this was seen."""
    match seen:
        case Answered():
            return Outcome(
                _ending_of(seen.status),
                f"HTTP {seen.status}",
                seen.status,
                latency_ms,
                retry_after_s(seen.retry_after, now),
                seen.text[:ANSWER_KEPT],
            )
        case Unanswered():
            return Outcome(Ending.MAY_PASS, seen.reason, latency_ms=latency_ms)
        case Unsendable():
            return Outcome(Ending.CANNOT_PASS, seen.reason, latency_ms=latency_ms)
        case _:
            assert_never(seen)


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for, in seconds or as a date (RFC 9110, 10.2.3); None where it says nothing."""
    if not header:
        return None
    if header.strip().isascii() and header.strip().isdigit():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _ending_of(status: int) -> Ending:
    if 200 <= status < 300:  # noqa: PLR2004 - the class of success
        return Ending.DELIVERED
    return Ending.MAY_PASS if status in _LATER or status >= 500 else Ending.CANNOT_PASS  # noqa: PLR2004 - likewise
