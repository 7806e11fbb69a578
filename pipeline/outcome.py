"""Outcome: how an attempt ended, of a closed set of endings, and why."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from pipeline.delivery import Delivery
from pipeline.errors import Unreadable

CONTENT_TYPE = "application/vnd.mih.outcome+json"
ALARM_TYPE = "application/vnd.mih.alarm+json"
#: The first word of the routing key of such an alarm.
PAUSED = "paused"
VERSION = 1


class Ending(StrEnum):
    """The endings of an attempt; the value is the first word of the routing key on `mih.outcomes`."""

    DELIVERED = "delivered"
    #: It may pass later: wait and try again.
    MAY_PASS = "may-pass"  # noqa: S105 - not a password
    #: It will not pass however often it is tried: a dead letter.
    CANNOT_PASS = "cannot-pass"  # noqa: S105 - not a password
    #: The service refuses our credentials.
    FORBIDDEN = "forbidden"
    #: The receiver says it is no more.
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended: `status` is the service's, `latency_ms` the attempt's, `answer` its first characters."""

    ending: Ending
    reason: str
    status: int | None = None
    latency_ms: int = 0
    retry_after_s: float | None = None
    answer: str = ""
    #: No whole answer came in time.
    timed_out: bool = False


_FIELDS = tuple(field.name for field in fields(Outcome))


def encode_outcome(outcome: Outcome, delivery: Delivery, at: datetime, *, delay_s: int | None, is_dead: bool) -> bytes:
    """The body on `mih.outcomes`: which attempt of what, how it ended, and what follows."""
    return orjson.dumps(
        {
            "v": VERSION,
            "at": at,
            "delivery": delivery.id,
            "event": delivery.event.id,
            "event_type": delivery.event.type,
            "service": delivery.service,
            "rule": delivery.rule,
            "revision": delivery.revision,
            "attempt": delivery.attempt,
            "next_attempt_in_s": delay_s,
            "dead": is_dead,
            **_told(outcome),
        }
    )


def encode_pause(service: str, *, who: str, why: str, at: datetime) -> bytes:
    """The body of the alarm on `mih.outcomes` that the hub paused a service."""
    return orjson.dumps({"v": VERSION, "at": at, "service": service, "who": who, "why": why})


def routing_key(outcome: Outcome, service: str) -> str:
    """`<ending>.<slug>`."""
    return f"{outcome.ending}.{service}"


def dump_outcome(outcome: Outcome) -> str:
    """The outcome alone, as JSON text for a header."""
    return orjson.dumps({"v": VERSION, **_told(outcome)}).decode()


def read_outcome(text: str | bytes) -> Outcome:
    """Read what `dump_outcome` wrote.

    Raises Unreadable.
    """
    try:
        found: dict[str, Any] = orjson.loads(text)
        if found.pop("v") != VERSION:
            raise Unreadable("an outcome of another version")
        # What a later MIH tells besides is passed over: what changes the meaning of the rest has another version.
        known = {name: found[name] for name in _FIELDS if name in found}
        return Outcome(**{**known, "ending": Ending(found["ending"])})
    except (AttributeError, ValueError, TypeError, KeyError) as broken:
        raise Unreadable(f"not an outcome: {type(broken).__name__} {broken}") from None


def _told(outcome: Outcome) -> dict[str, Any]:
    return {name: getattr(outcome, name) for name in _FIELDS}
