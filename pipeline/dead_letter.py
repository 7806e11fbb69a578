"""DeadLetter: a delivery that ended without reaching its service: why, when, after how many attempts.

The body stays the delivery's own, byte for byte, and the story travels in headers. So a letter that RabbitMQ itself
dead-lettered (a delivery limit reached) is read by the same code, only without an outcome.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from pipeline.delivery import Delivery, read_delivery
from pipeline.errors import Unreadable
from pipeline.outcome import Outcome, dump_outcome, read_outcome
from topology import names

#: What RabbitMQ writes of a message that it dead-letters itself: a list, the newest first.
_BROKERS_WORD = "x-death"
_BROKER_REASON = "returned to its queue too often (delivery limit)"
_BROKER_REASONS = {
    "rejected": "refused by who took it from its queue",
    "expired": "waited in its queue for longer than a policy of RabbitMQ allows",
    "maxlen": "its queue was longer than a policy of RabbitMQ allows",
}
#: Parts of a reason that differ between letters of one cause: numbers and ids.
_VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that died; `outcome` is None where RabbitMQ dead-lettered it without our word."""

    delivery: Delivery
    reason: str
    outcome: Outcome | None
    died_at: datetime | None
    fingerprint: str


def fingerprint(service: str, reason: str, status: int | None) -> str:
    """The same for letters of the same cause: 12 hexadecimal digits over service, status and the reason's words."""
    cause = f"{service}\x00{status}\x00{reason if status is not None else _VARYING.sub('#', reason)}"
    return sha256(cause.encode(errors="replace")).hexdigest()[:12]


def headers_of_death(delivery: Delivery, outcome: Outcome, reason: str, died_at: datetime) -> dict[str, str | int]:
    """The headers that tell the story of a dead delivery."""
    return {
        **delivery.headers(),
        names.HEADER_REASON: reason,
        names.HEADER_OUTCOME: dump_outcome(outcome),
        names.HEADER_DIED_AT: died_at.isoformat(),
        names.HEADER_FINGERPRINT: fingerprint(delivery.service, outcome.reason, outcome.status),
    }


def read_dead_letter(body: bytes, headers: Mapping[str, Any]) -> DeadLetter:
    """Read a message of a dead-letter queue.

    Raises Unreadable when the body is no delivery, or a header of ours is odd.
    """
    delivery = read_delivery(body, headers)
    dumped = headers.get(names.HEADER_OUTCOME)
    outcome = read_outcome(dumped) if dumped else None
    reason = reason_of(headers)
    return DeadLetter(
        delivery=delivery,
        reason=reason,
        outcome=outcome,
        died_at=time_of(headers),
        fingerprint=str(headers.get(names.HEADER_FINGERPRINT) or fingerprint(delivery.service, reason, None)),
    )


def reason_of(headers: Mapping[str, Any]) -> str:
    """Why it died: our word, else what RabbitMQ's is in ours."""
    return str(
        headers.get(names.HEADER_REASON) or _BROKER_REASONS.get(str(_death(headers).get("reason")), _BROKER_REASON)
    )


def time_of(headers: Mapping[str, Any]) -> datetime | None:
    """When it died: our word, else RabbitMQ's.

    Raises Unreadable when our word is no time.
    """
    written = headers.get(names.HEADER_DIED_AT)
    if written is None:
        time = _death(headers).get("time")
        return _in_zone(time) if isinstance(time, datetime) else None
    try:
        return _in_zone(datetime.fromisoformat(written))
    except (TypeError, ValueError):
        raise Unreadable(f"{names.HEADER_DIED_AT} must be a time, found {written!r:.40}") from None


def key_before_death(headers: Mapping[str, Any]) -> str | None:
    """The routing key that a message had which RabbitMQ dead-lettered itself."""
    keys = _death(headers).get("routing-keys")
    return str(keys[0]) if isinstance(keys, list) and keys else None


def _death(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    deaths = headers.get(_BROKERS_WORD)
    newest = deaths[0] if isinstance(deaths, list) and deaths else None
    return newest if isinstance(newest, dict) else {}


def _in_zone(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
