"""How an attempt ended: one pure function from what was seen, and what it means of this service, to an Outcome.

| seen                                                      | ending      |
|-----------------------------------------------------------|-------------|
| 2xx, and the service's success test holds                 | delivered   |
| 2xx, and the answer says itself that it is no success     | as it says  |
| no answer (connect, cut, timeout), 408 425 429 5xx        | may pass    |
| any other answer; no success by the test                  | cannot pass |
| 401                                                       | forbidden   |
| not sent: there is no request, or none that can be        | cannot pass |
| the protocol says it itself: a nack, a fault              | as it says  |

What a service says of single statuses (`retry_on never_retry forbidden_on gone_on success.status`) beats this table.
Then its success test: what passes it is delivered, whatever a preset reads in the answer; of what fails it, or where
there is none, the preset speaks. `otherwise: retry` makes of all that cannot pass by either what may.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import assert_never

from pipeline.attempt.http_service import HttpService
from pipeline.exact_json import loads
from pipeline.outcome import Ending, Outcome
from pipeline.registry.model import ServiceBase
from pipeline.registry.protection import ALWAYS_FORBIDDEN
from pipeline.rules.conditions import Condition, compile_condition

#: Statuses below 500 that say "later": request timeout, too early, too many requests (RFC 9110, 8470, 6585).
_LATER = frozenset({408, 425, 429})
#: Characters of an answer that are kept with the outcome.
ANSWER_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Said:
    """What the body of an answer says itself, beneath a status of success; `why` goes on after the status."""

    ending: Ending = Ending.DELIVERED
    why: str = ""


#: Nothing, or nothing that is not a success.
SUCCESS = Said()


@dataclass(frozen=True, slots=True)
class Answered:
    """The service answered with a status; `text` is its body, or the beginning of one longer than is read."""

    status: int
    text: str = ""
    retry_after: str | None = None
    is_whole: bool = True
    #: As the service's preset reads it.
    said: Said = SUCCESS


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Sent, or tried to: the connection failed or no whole answer came in time."""

    reason: str
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Unsendable:
    """Not sent: the request cannot be built."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stated:
    """The protocol itself says how it ended: a broker's refusal, a fault; `text` is what came with it."""

    ending: Ending
    reason: str
    text: str = ""


Seen = Answered | Unanswered | Unsendable | Stated


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a service's answers mean where that is other than HTTP says; compiled once per service."""

    endings: Mapping[int, Ending] = field(default_factory=lambda: {ALWAYS_FORBIDDEN: Ending.FORBIDDEN})
    #: The statuses of success; none is any 2xx.
    statuses: frozenset[int] = frozenset()
    condition: Condition | None = None
    text: str = ""
    #: Of an answer that is no success by the test.
    otherwise: Ending = Ending.CANNOT_PASS

    @property
    def asks_the_body(self) -> bool:
        """Whether the success test is about more than the status."""
        return self.condition is not None or self.text != ""


PLAIN = Meaning()


def meaning_of(service: ServiceBase) -> Meaning:
    """Compile what a service's entry says of its answers.

    Raises InvalidRule, which an entry that the registry has read does not cause.
    """
    if not isinstance(service, HttpService):
        return PLAIN
    said = (
        (service.never_retry, Ending.CANNOT_PASS),
        (service.retry_on, Ending.MAY_PASS),
        ((ALWAYS_FORBIDDEN, *service.forbidden_on), Ending.FORBIDDEN),
        (service.gone_on, Ending.GONE),
    )
    success = service.success
    return Meaning(
        endings={status: ending for statuses, ending in said for status in statuses},
        statuses=frozenset(success.status),
        condition=compile_condition(success.json_) if success.json_ else None,
        text=success.text,
        otherwise=Ending.MAY_PASS if success.otherwise == "retry" else Ending.CANNOT_PASS,
    )


def judge(seen: Seen, meaning: Meaning = PLAIN, *, now: datetime, latency_ms: int) -> Outcome:
    """The outcome of an attempt in which this was seen."""
    match seen:
        case Answered():
            ending, why = _ending_of(seen, meaning)
            return Outcome(
                ending,
                f"HTTP {seen.status}{why}",
                seen.status,
                latency_ms,
                retry_after_s(seen.retry_after, now),
                seen.text[:ANSWER_KEPT],
            )
        case Unanswered():
            return Outcome(Ending.MAY_PASS, seen.reason, latency_ms=latency_ms, timed_out=seen.timed_out)
        case Stated():
            return Outcome(seen.ending, seen.reason, latency_ms=latency_ms, answer=seen.text[:ANSWER_KEPT])
        case Unsendable():
            return Outcome(Ending.CANNOT_PASS, seen.reason, latency_ms=latency_ms)
        case _:
            assert_never(seen)


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for, in seconds or as a date (RFC 9110, 10.2.3); None where it says nothing."""
    said = (header or "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _ending_of(answer: Answered, meaning: Meaning) -> tuple[Ending, str]:
    """The ending, and what the status alone does not say of it."""
    status = answer.status
    if ending := meaning.endings.get(status):
        return ending, ""
    if 200 <= status < 300 or status in meaning.statuses:  # noqa: PLR2004 - the class of success
        return _ending_of_success(answer, meaning)
    return (Ending.MAY_PASS if status in _LATER or status >= 500 else Ending.CANNOT_PASS), ""  # noqa: PLR2004 - likewise


def _ending_of_success(answer: Answered, meaning: Meaning) -> tuple[Ending, str]:
    """The same, of an answer with a status of success."""
    missed, said = _missed(answer, meaning), answer.said
    is_success = said.ending is Ending.DELIVERED
    if not missed and (is_success or meaning.asks_the_body):
        return Ending.DELIVERED, said.why if is_success else ""
    why = f", but {missed}" if is_success else said.why
    is_final = is_success or said.ending is Ending.CANNOT_PASS
    return meaning.otherwise if is_final else said.ending, why


def _missed(answer: Answered, meaning: Meaning) -> str:
    """Which part of the success test an answer fails, in words that hold nothing of the answer."""
    if meaning.statuses and answer.status not in meaning.statuses:
        return "success.status does not list it"
    if meaning.condition and (missed := _missed_condition(answer, meaning.condition)):
        return missed
    if meaning.text not in answer.text:
        return f"success.text is not in the answer{'' if answer.is_whole else ', as far as it is read'}"
    return ""


def _missed_condition(answer: Answered, condition: Condition) -> str:
    if not answer.is_whole:
        return "success.json cannot be asked: the answer is longer than is read"
    try:
        found = loads(answer.text)
    except ValueError:
        return "success.json cannot be asked: the answer is no JSON"
    if condition(found):
        return ""
    paths = (line.path for line in condition.explain(found) if not line.holds)
    return f"success.json does not hold at {', '.join(paths)}"
