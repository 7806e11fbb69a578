"""Arrival: a message understood, before it is known whether it came before; pure.

Identity is source and id where the publisher gave an id. Where it gave none (Moodle), it is a hash of the whole content
and the source: two different events often share name, object and user, so nothing less tells them apart.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson

from pipeline import exact_json
from pipeline.broker import Incoming
from pipeline.errors import Unreadable
from pipeline.event import Event, told
from pipeline.ingest.encodings import unpacked
from pipeline.ingest.reading import carried, read_attributes
from pipeline.settings import Settings
from topology import names

#: An event that has passed through hubs so often runs in a circle.
MAX_HOPS = 16

_UNKNOWN = "unknown"
#: Stands for the id that an event will get with its claim.
_NO_ID = "none yet"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it was read, the id that its publisher gave, its identity (a hash), and how long that is known."""

    read: Event
    own_id: str | None
    identity: str
    window: timedelta

    def event(self, event_id: str) -> Event:
        """The event under this id, having passed through one hub more."""
        return replace(self.read, id=event_id, hops=self.read.hops + 1)


def understand(message: Incoming, settings: Settings) -> Arrival:
    """Read a message of `mih.events`.

    Raises Unreadable with the reason it goes to `mih.invalid`.
    """
    body = unpacked(message.body, message.content_encoding, settings.body_limit)
    attributes = read_attributes(body, message.content_type, message.headers)
    own_id = attributes.get("id")
    content = {name: value for name, value in attributes.items() if name != "id"}
    content["source"] = content.get("source") or _source(message)
    event = carried({**content, "id": _NO_ID if own_id is None else own_id})
    if event.hops >= MAX_HOPS:
        raise Unreadable(f"passed through hubs more than {MAX_HOPS} times: it runs in a circle")
    if own_id is None:
        return Arrival(event, None, _hash("content", content), settings.moodle_repeat_window)
    return Arrival(event, own_id, _hash("id", event.source, own_id), settings.repeat_window)


def _source(message: Incoming) -> str:
    source = message.headers.get(names.HEADER_SOURCE) or message.app_id or _UNKNOWN
    if not isinstance(source, str):
        raise Unreadable(f"the header {names.HEADER_SOURCE} must be a text, found {told(source)}")
    return source


def _hash(*parts: Any) -> str:
    return sha256(exact_json.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()
