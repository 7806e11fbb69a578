"""DeadLetter: a delivery that ended without reaching its service: why, when, after how many attempts.

The body stays the delivery's own, byte for byte, and the story travels in headers. So a letter that RabbitMQ itself
dead-lettered (a delivery limit reached) is read by the same code, only without a story.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from pipeline.delivery import Delivery, read_delivery
from pipeline.errors import Unreadable
from pipeline.outcome import Outcome, dump_outcome, read_outcome
from topology import names

_BROKER_REASON = "returned to its queue too often (delivery limit)"
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

    Raises Unreadable when the body is no delivery.
    """
    delivery = read_delivery(body, headers)
    told = headers.get(names.HEADER_OUTCOME)
    outcome = read_outcome(told) if told else None
    reason = str(headers.get(names.HEADER_REASON) or _BROKER_REASON)
    died_at = _time(headers.get(names.HEADER_DIED_AT))
    return DeadLetter(
        delivery=delivery,
        reason=reason,
        outcome=outcome,
        died_at=died_at,
        fingerprint=str(headers.get(names.HEADER_FINGERPRINT) or fingerprint(delivery.service, reason, None)),
    )


def _time(told: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(told) if told else None
    except (TypeError, ValueError):
        raise Unreadable(f"{names.HEADER_DIED_AT} must be a time, found {told!r:.40}") from None
