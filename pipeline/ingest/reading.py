"""Reading: from one body to one event that every stage behind can carry; pure."""

from collections.abc import Mapping
from typing import Any

from pipeline import exact_json
from pipeline.errors import Unreadable
from pipeline.event import Event, event_from_mapping
from pipeline.ingest import formats
from pipeline.ingest.encodings import in_utf8
from pipeline.ingest.formats.raw import TOO_DEEP, Raw


def read_attributes(body: bytes, content_type: str | None, headers: Mapping[str, Any]) -> dict[str, Any]:
    """Read a body that is not compressed, in any format, as the attributes of a CloudEvent, without what it left out.

    Raises Unreadable.
    """
    return formats.read(Raw(in_utf8(body, content_type), content_type, headers))


def carried(attributes: Mapping[str, Any]) -> Event:
    """Build the event.

    Raises Unreadable when an attribute is missing or wrong, and when a delivery of it could not be written.
    """
    event = event_from_mapping(attributes)
    try:
        # JSON's writer stops at 254 levels, and a delivery, and what lists or exports it, wraps the event in some.
        exact_json.dumps([[[[event.to_mapping()]]]])
    except TypeError as unwritable:
        is_too_deep = "Recursion" in str(unwritable)
        raise Unreadable(TOO_DEEP if is_too_deep else f"cannot be passed on as JSON: {unwritable}") from None
    return event
