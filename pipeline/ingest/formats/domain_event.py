"""Domain events as HedHog's modules publish them.

    {"eventName": "OrderPaid", "sourceModule": "shop", "aggregateType": "order", "aggregateId": 4711,
     "payload": {…}, "timestamp": "2026-11-20T21:48:10Z", "metadata": {…}}

The name is the event's type, the module its source, type and id of the aggregate its subject. All of it is the data, so
that templates read `{{payload.total}}`, `{{aggregateId}}` and `{{metadata.userId}}`. Only the name must be there. An
event has an id where it says one: `eventId` or `id`, or `eventId` in its metadata.
"""

from datetime import UTC, datetime
from typing import Any

from pipeline.errors import Unreadable
from pipeline.event import SPEC_VERSION
from pipeline.ingest.formats.own_id import id_as_text
from pipeline.ingest.formats.raw import Raw

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
        raise Unreadable(f"eventName must be a text that is not empty, found {name!r:.80}")
    metadata = found.get("metadata")
    said = (found.get("eventId"), found.get("id"), metadata.get("eventId") if isinstance(metadata, dict) else None)
    return {
        "specversion": SPEC_VERSION,
        "id": id_as_text("eventId", next((value for value in said if value is not None), None)),
        "type": name,
        "source": _source(found.get("sourceModule")),
        "subject": _subject(found.get("aggregateType"), found.get("aggregateId")),
        "time": _time(found.get("timestamp")),
        "data": found,
    }


def _source(module: Any) -> str | None:
    if module is not None and not isinstance(module, str):
        raise Unreadable(f"sourceModule must be a text, found {module!r:.80}")
    return module


def _subject(aggregate: Any, identity: Any) -> str | None:
    if isinstance(aggregate, str) and isinstance(identity, str | int):
        return f"{aggregate}/{identity}"
    return aggregate if isinstance(aggregate, str) else None


def _time(timestamp: Any) -> str | None:
    if timestamp is None or isinstance(timestamp, str):
        return timestamp
    try:
        if isinstance(timestamp, bool):
            raise TypeError
        seconds = timestamp / 1000 if timestamp >= _MILLISECONDS_FROM else timestamp
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        raise Unreadable(f"timestamp must be a time as text or a number since 1970, found {timestamp!r:.80}") from None
