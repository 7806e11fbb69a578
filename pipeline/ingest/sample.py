"""A sample: one event outside the road, as a person keeps it in a file; read as ingest reads what is published."""

from collections.abc import Mapping
from typing import Any

from pipeline.event import Event
from pipeline.ingest.reading import carried, read_attributes

#: For an event that has no id or source of its own; the ids of its deliveries follow from them.
SAMPLE_ID, SAMPLE_SOURCE = "sample", "sample"


def sample_event(body: bytes, *, content_type: str | None = None, headers: Mapping[str, Any] | None = None) -> Event:
    """Read an event in any format.

    Raises Unreadable with the reason for which ingest would send it to `mih.invalid`.
    """
    attributes = read_attributes(body, content_type, headers or {})
    named = {"id": attributes.get("id") or SAMPLE_ID, "source": attributes.get("source") or SAMPLE_SOURCE}
    return carried({**attributes, **named})
