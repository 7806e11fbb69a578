"""Plain JSON with a `type`: the least that a program can publish.

    {"type": "shop.order.paid", "id": 4711}                                     all of it is the data
    {"type": "shop.order.paid", "id": "e-17", "time": "…", "data": {…}}         as a CloudEvent, without specversion

`source`, `subject` and `time` count as CloudEvents' attributes, all of them optional; where there is `data`, that is
the data, `id` is the event's, and further keys travel on as extension attributes. Where there is none, `id` may well be
the order's: were it taken for the event's, all but the first event about the order would be dropped as repeats.
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
    if "data" in found:
        return {**found, "specversion": SPEC_VERSION, "id": id_as_text("id", found.get("id"))}
    attributes = {name: found.get(name) for name in _ATTRIBUTES}
    return {**attributes, "specversion": SPEC_VERSION, "id": None, "data": found}
