"""CloudEvents 1.0 in binary mode: the attributes in headers, the data in the body.

The attributes' prefix is `ce-` as in Knative's RabbitMQ binding; `cloudEvents:` and `cloudEvents_` of the AMQP 1.0
binding, which bridges pass on to AMQP 0-9-1, are read as well.
"""

from datetime import datetime
from typing import Any

from pipeline.errors import Unreadable
from pipeline.event import told
from pipeline.ingest.formats.raw import Raw

_PREFIXES = ("ce-", "ce_", "cloudevents:", "cloudevents_")
_MARKS = frozenset(f"{prefix}specversion" for prefix in _PREFIXES)
#: Of an event that is all in the body, and may have its attributes in headers beside it (HTTP binding 3.2.3).
_STRUCTURED = "application/cloudevents"


def recognises(raw: Raw) -> bool:
    """By the specversion, which every CloudEvent carries."""
    return any(name.lower() in _MARKS for name in raw.headers) and not raw.media_type.startswith(_STRUCTURED)


def read(raw: Raw) -> dict[str, Any]:
    """The headers without their prefix, and the body as data."""
    event: dict[str, Any] = {}
    for name, value in {name.lower(): value for name, value in raw.headers.items()}.items():
        prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), None)
        if prefix:
            event[name.removeprefix(prefix)] = _attribute(name, value)
    if not event.get("id"):
        raise Unreadable("a CloudEvent must have a ce-id")
    if raw.content_type:
        event["datacontenttype"] = raw.content_type
    return event | {"data": _data(raw)}


def _attribute(name: str, value: Any) -> str | int | bool:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str | int):
        return value
    raise Unreadable(f"{name[:40]} must be a text, found {told(value)}")


def _data(raw: Raw) -> Any:
    if not raw.body:
        return None
    if raw.media_type.startswith("text/"):
        try:
            return raw.body.decode()
        except UnicodeDecodeError as broken:
            raise Unreadable(f"{raw.media_type} must be UTF-8: {broken.reason} at byte {broken.start}") from None
    if raw.media_type in ("", "application/json") or raw.media_type.endswith("+json"):
        return raw.json
    raise Unreadable(f"data of content type {raw.media_type[:80]!r} is not supported: expected JSON or text")
