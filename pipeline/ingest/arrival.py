"""Arrival: a message understood, before it is known whether it came before; pure.

Identity is source and id where the publisher gave an id. Where it gave none (Moodle), it is a hash of the whole content
and the source: two different events often share name, object and user, so nothing less tells them apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson

from pipeline.broker import Incoming
from pipeline.errors import Unreadable
from pipeline.event import Event, event_from_mapping
from pipeline.ingest import formats
from pipeline.ingest.formats.raw import Raw
from pipeline.settings import Settings
from topology import names

#: An event that has passed through hubs so often runs in a circle.
MAX_HOPS = 16

_UNKNOWN = "unknown"
#: What publishers call a body that is not compressed; kombu and Celery write the character set here.
_PLAIN = frozenset({"", "identity", "utf-8", "utf8", "us-ascii", "binary"})


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event's attributes, its identity (a hash), and how long a repeat of it is known."""

    attributes: Mapping[str, Any]
    identity: str
    window: timedelta

    @property
    def own_id(self) -> str | None:
        """The id that the publisher gave."""
        return self.attributes.get("id")

    def event(self, event_id: str) -> Event:
        """The event under this id, having passed through one hub more.

        Raises Unreadable when an attribute is missing or wrong.
        """
        event = event_from_mapping({**self.attributes, "id": event_id})
        return replace(event, hops=event.hops + 1)


def understand(message: Incoming, settings: Settings) -> Arrival:
    """Read a message of `mih.events`.

    Raises Unreadable with the reason it goes to `mih.invalid`.
    """
    if len(message.body) > settings.body_limit:
        raise Unreadable(f"{len(message.body)} bytes, more than MIH_BODY_LIMIT allows ({settings.body_limit})")
    if (message.content_encoding or "").lower() not in _PLAIN:
        raise Unreadable(f"content_encoding {message.content_encoding!r:.40} is not supported: expected none or utf-8")
    attributes = formats.read(Raw(message.body, message.content_type, message.headers))
    attributes = {**attributes, "source": attributes.get("source") or _source(message)}
    try:
        arrival = _identified(attributes, settings)
        event = arrival.event(arrival.own_id or "checked")
        # A delivery wraps the event in a few levels more.
        orjson.dumps([[[[event.to_mapping()]]]])
    except orjson.JSONEncodeError as unwritable:
        raise Unreadable(f"cannot be passed on as JSON: {unwritable}") from None
    if event.hops > MAX_HOPS:
        raise Unreadable(f"passed through hubs more than {MAX_HOPS} times: it runs in a circle")
    return arrival


def _source(message: Incoming) -> str:
    return str(message.headers.get(names.HEADER_SOURCE) or message.app_id or _UNKNOWN)


def _identified(attributes: dict[str, Any], settings: Settings) -> Arrival:
    if attributes.get("id") is not None:
        return Arrival(attributes, _hash("id", attributes["source"], attributes["id"]), settings.repeat_window)
    content = {name: value for name, value in attributes.items() if name != "id"}
    return Arrival(attributes, _hash("content", content), settings.moodle_repeat_window)


def _hash(*parts: Any) -> str:
    return sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()
