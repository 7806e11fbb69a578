"""Plain JSON with a `type`: the least that a program can publish.

    {"type": "shop.order.paid", "order": 4711}                                  all of it is the data
    {"type": "shop.order.paid", "id": 4711, "time": "…", "data": {…}}           as a CloudEvent, without specversion

`id`, `source`, `subject` and `time` count as CloudEvents' attributes, all of them optional; where there is `data`, that
is the data, and further keys travel on as extension attributes.
"""

from typing import Any

from pipeline.errors import Unreadable
from pipeline.event import SPEC_VERSION, told
from pipeline.ingest.formats.own_id import id_as_text
from pipeline.ingest.formats.raw import Raw

_ATTRIBUTES = ("type", "source", "subject", "time")


def recognises(raw: Raw) -> bool:
    """By the type."""
    return isinstance(raw.json, dict) and "type" in raw.json


def read(raw: Raw) -> dict[str, Any]:
    """The attributes that are there, and the data."""
    found = raw.object
    for name in _ATTRIBUTES:
        if not isinstance(found.get(name), str | None) or (name == "type" and not found[name]):
            raise Unreadable(f"{name} must be a text that is not empty, found {told(found[name])}")
    event = {name: found.get(name) for name in _ATTRIBUTES} if "data" not in found else found
    identity = id_as_text("id", found.get("id"))
    return {**event, "specversion": SPEC_VERSION, "id": identity, "data": found.get("data", found)}
