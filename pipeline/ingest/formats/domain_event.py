"""Domain events as HedHog's modules publish them.

    {"outboxEventId": 17, "eventName": "order.paid", "sourceModule": "shop", "aggregateType": "order",
     "aggregateId": "4711", "payload": {…}, "timestamp": "2026-11-20T21:48:10.000Z", "metadata": {…}}

The name is the event's type, the module its source, type and id of the aggregate its subject. All of it is the data, so
that templates read `{{payload.total}}`, `{{aggregateId}}` and `{{metadata.userId}}`, as those of HedHog's own webhooks
do. Only the name must be there. An event has an id where it says one: `eventId` or `id`, or `eventId` in its metadata.
A `correlationId` is none, since several events share it, nor is `outboxEventId`: it counts the rows of one
installation, and of two with modules of the same name one would lose its events as repeats of the other's.
Source: HedHog's core library, integration: DomainEvent, OutboxProcessor, EventWebhookService.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pipeline.errors import Unreadable
from pipeline.event import SPEC_VERSION, told
from pipeline.ingest.formats.own_id import id_as_text
from pipeline.ingest.formats.raw import Raw

_IDS = ("eventId", "id")
#: From here on a number is of milliseconds, as JavaScript counts: as seconds it would be the year 5138.
_MILLISECONDS_FROM = 100_000_000_000


def recognises(raw: Raw) -> bool:
    """By the key that only these events have."""
    return isinstance(raw.json, dict) and "eventName" in raw.json


def read(raw: Raw) -> dict[str, Any]:
    """The event whole as data, its parts as attributes."""
    found = raw.object
    name = found["eventName"]
    if not isinstance(name, str) or not name:
        raise Unreadable(f"eventName must be a text that is not empty, found {told(name)}")
    return {
        "specversion": SPEC_VERSION,
        "id": _id(found),
        "type": name,
        "source": _source(found.get("sourceModule")),
        "subject": _subject(found.get("aggregateType"), found.get("aggregateId")),
        "time": _time(found.get("timestamp")),
        "data": found,
    }


def _id(found: dict[str, Any]) -> str | None:
    metadata = found.get("metadata")
    inner = metadata.get("eventId") if isinstance(metadata, dict) else None
    said = [*((key, found.get(key)) for key in _IDS), ("metadata.eventId", inner)]
    return next((id_as_text(key, value) for key, value in said if value is not None), None)


def _source(module: Any) -> str | None:
    if module is not None and not isinstance(module, str):
        raise Unreadable(f"sourceModule must be a text, found {told(module)}")
    return module


def _subject(aggregate: Any, identity: Any) -> str | None:
    if not isinstance(aggregate, str):
        return None
    has_id = isinstance(identity, str | int | Decimal) and not isinstance(identity, bool)
    return f"{aggregate}/{identity}" if has_id else aggregate


def _time(timestamp: Any) -> str | None:
    if timestamp is None or isinstance(timestamp, str):
        return timestamp
    try:
        if isinstance(timestamp, bool):
            raise TypeError
        seconds = float(timestamp)
        return datetime.fromtimestamp(seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds, UTC).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        raise Unreadable(f"timestamp must be a time as text or a number since 1970, found {told(timestamp)}") from None
