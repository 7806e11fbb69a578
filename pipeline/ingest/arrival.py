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

from pipeline import exact_json
from pipeline.broker import Incoming
from pipeline.errors import Unreadable
from pipeline.event import Event, event_from_mapping
from pipeline.ingest import formats
from pipeline.ingest.encodings import in_utf8, unpacked
from pipeline.ingest.formats.raw import Raw
from pipeline.settings import Settings
from topology import names

#: An event that has passed through hubs so often runs in a circle.
MAX_HOPS = 16

_UNKNOWN = "unknown"


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
    body = in_utf8(unpacked(message.body, message.content_encoding, settings.body_limit), message.content_type)
    attributes = formats.read(Raw(body, message.content_type, message.headers))
    attributes = {**attributes, "source": attributes.get("source") or _source(message)}
    try:
        arrival = _identified(attributes, settings)
        event = arrival.event(arrival.own_id or "checked")
        # A delivery wraps the event in a few levels more.
        exact_json.dumps([[[[event.to_mapping()]]]])
    except TypeError as unwritable:
        raise Unreadable(f"cannot be passed on as JSON: {_told(unwritable)}") from None
    if event.hops > MAX_HOPS:
        raise Unreadable(f"passed through hubs more than {MAX_HOPS} times: it runs in a circle")
    return arrival


def _told(unwritable: TypeError) -> str:
    return "more than 245 levels of arrays and objects" if "Recursion" in str(unwritable) else str(unwritable)


def _source(message: Incoming) -> str:
    return str(message.headers.get(names.HEADER_SOURCE) or message.app_id or _UNKNOWN)


def _identified(attributes: dict[str, Any], settings: Settings) -> Arrival:
    if attributes.get("id") is not None:
        return Arrival(attributes, _hash("id", attributes["source"], attributes["id"]), settings.repeat_window)
    content = {name: value for name, value in attributes.items() if name != "id"}
    return Arrival(attributes, _hash("content", content), settings.moodle_repeat_window)


def _hash(*parts: Any) -> str:
    return sha256(exact_json.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()
