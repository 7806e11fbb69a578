"""The formats that publishers speak, one file each; adding one is adding a file and its line here.

The first that recognises a message reads it. What is marked comes first: a CloudEvent says what it is, by a header or
its content type, while the others are known by the shape of their JSON.
"""

from typing import Any, Protocol

from pipeline.errors import Unreadable
from pipeline.ingest.formats import cloudevents_binary, cloudevents_structured, domain_event, moodle, typed_json
from pipeline.ingest.formats.raw import Raw


class Format(Protocol):
    """What a format's module offers."""

    def recognises(self, raw: Raw) -> bool:
        """Whether this message claims to be of the format; says nothing about its being well-formed."""
        ...

    def read(self, raw: Raw) -> dict[str, Any]:
        """The message as the attributes of a CloudEvent; `id` and `source` may be absent.

        Raises Unreadable with what was found and expected.
        """
        ...


FORMATS: tuple[Format, ...] = (cloudevents_binary, cloudevents_structured, moodle, domain_event, typed_json)


def read(raw: Raw) -> dict[str, Any]:
    """Read a message by the format that recognises it.

    Raises Unreadable when none does, or the one that does cannot read it.
    """
    for known in FORMATS:
        if known.recognises(raw):
            return known.read(raw)
    raise Unreadable(
        f"fits no format: {raw.kind}; expected a Moodle event (eventname, …), a CloudEvent in structured JSON "
        "(specversion, …) or in ce- headers, a domain event (eventName, …), or an object with a type"
    )
