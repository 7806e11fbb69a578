"""CloudEvents 1.0 in structured JSON: all of it in the body. Source: CloudEvents JSON event format 1.0.2."""

from typing import Any

from pipeline.errors import Unreadable
from pipeline.ingest.formats.raw import Raw

_MEDIA_TYPE = "application/cloudevents+json"


def recognises(raw: Raw) -> bool:
    """By the content type, or by the shape where a publisher left it out."""
    return raw.media_type == _MEDIA_TYPE or (isinstance(raw.json, dict) and "specversion" in raw.json)


def read(raw: Raw) -> dict[str, Any]:
    """The body itself."""
    event = raw.object
    if "data_base64" in event:
        raise Unreadable("data_base64 is not supported: expected JSON in data")
    if not event.get("id"):
        raise Unreadable("a CloudEvent must have an id")
    return event
