"""Event: what happened, once, in one shape: the CloudEvents 1.0 attributes and the data.

On the wire it is a CloudEvent in structured JSON (`application/cloudevents+json`), so that any program can bind a
queue to `mih.normalized` and read it. Source: CloudEvents 1.0.2, JSON event format.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pipeline import exact_json
from pipeline.errors import Unreadable

CONTENT_TYPE = "application/cloudevents+json"
SPEC_VERSION = "1.0"
#: CloudEvents extension attribute: how often what led to this event has passed through a hub.
HOPS = "mihhops"
#: Bytes: ids and sources become headers and identities; more than this is a payload in the wrong place.
MAX_NAME_BYTES = 2048
#: AMQP short strings hold 255 bytes and the type becomes a routing key.
MAX_TYPE_BYTES = 255

#: Characters of a value that a reason may show: enough to find it by, too few to be a payload.
_SHOWN = 20
_TEXT_OR_NOTHING = (str, type(None))
_KINDS = {list: "an array", dict: "an object", type(None): "nothing", bool: "true or false"}
_CORE = frozenset({"specversion", "id", "source", "type", "subject", "time", "data", HOPS})


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: `time` is RFC 3339 text as the publisher gave it, `data` any JSON value."""

    id: str
    source: str
    type: str
    data: Any = None
    subject: str | None = None
    time: str | None = None
    hops: int = 0
    #: Further context attributes (`datacontenttype`, `traceparent`, …), carried as they came.
    extensions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        r"""The routing key: the type in dots, `\core\event\user_created` is `core.event.user_created`."""
        return self.type.lstrip("\\").replace("\\", ".")

    def to_mapping(self) -> dict[str, Any]:
        """The event as a CloudEvents JSON object."""
        event: dict[str, Any] = {"specversion": SPEC_VERSION, "id": self.id, "source": self.source, "type": self.type}
        optional = {"subject": self.subject, "time": self.time, HOPS: self.hops or None}
        event |= {name: value for name, value in optional.items() if value is not None}
        return {**self.extensions, **event, "data": self.data}

    def to_bytes(self) -> bytes:
        """The event as a CloudEvent in structured JSON."""
        return exact_json.dumps(self.to_mapping())


def read_event(body: bytes | str) -> Event:
    """Read what `to_bytes` wrote.

    Raises Unreadable with what is missing or wrong.
    """
    try:
        found = exact_json.loads(body)
    except ValueError as broken:
        raise Unreadable(f"an event must be JSON: {broken}") from None
    return event_from_mapping(found)


def event_from_mapping(found: Any) -> Event:
    """Build an event from a CloudEvents JSON object.

    Raises Unreadable with what is missing or wrong.
    """
    if not isinstance(found, dict):
        raise Unreadable(f"an event must be a JSON object, found {told(found)}")
    if found.get("specversion") != SPEC_VERSION:
        raise Unreadable(f"specversion must be {SPEC_VERSION!r}, found {told(found.get('specversion'))}")
    for name in ("id", "source", "type"):
        if not isinstance(found.get(name), str) or not found[name]:
            raise Unreadable(f"{name} must be a text that is not empty, found {told(found.get(name))}")
        if len(found[name].encode(errors="replace")) > MAX_NAME_BYTES:
            raise Unreadable(f"{name} must not be longer than {MAX_NAME_BYTES} bytes")
    for name in ("subject", "time"):
        if not isinstance(found.get(name), _TEXT_OR_NOTHING):
            raise Unreadable(f"{name} must be a text, found {told(found[name])}")
    if len(found["type"].encode(errors="replace")) > MAX_TYPE_BYTES:
        raise Unreadable(f"type must not be longer than {MAX_TYPE_BYTES} bytes")
    return Event(
        id=found["id"],
        source=found["source"],
        type=found["type"],
        subject=found.get("subject"),
        time=found.get("time"),
        hops=_hops(found[HOPS]) if HOPS in found else 0,
        data=found.get("data"),
        extensions={name: value for name, value in found.items() if name not in _CORE},
    )


def _hops(value: Any) -> int:
    # CloudEvents writes an integer attribute as text where its transport knows only text.
    if isinstance(value, int | str) and re.fullmatch("[0-9]{1,9}", str(value)):
        return int(value)
    raise Unreadable(f"{HOPS} must be a whole number from 0, found {told(value)}")


def told(value: Any) -> str:
    """Say what was found where something else was expected: its kind, of a text or number a short beginning."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return _KINDS.get(type(value), type(value).__name__)
    spelt = str(value)
    beginning = spelt[:_SHOWN]
    return (repr(beginning) if isinstance(value, str) else beginning) + "…" * (len(spelt) > _SHOWN)
