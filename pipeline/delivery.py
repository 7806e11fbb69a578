"""Delivery: one event on its way to one service, from the router to its end.

The body never changes: the router writes it once, and senders, ladder, dead-letter queue and replay pass the same
bytes on. What changes between attempts (its number, the time from which the age counts) travels in headers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5

from pipeline import exact_json
from pipeline.errors import Unreadable
from pipeline.event import Event, event_from_mapping, told
from topology import names

T = TypeVar("T")

CONTENT_TYPE = "application/vnd.mih.delivery+json"
VERSION = 1

#: What a request that can be sent is made of.
_REQUEST: Mapping[str, tuple[Any, str]] = {
    "send": (dict, "an object"),
    "body": (str | None, "a text or null"),
    "content_type": (str, "a text"),
}
#: The name space of delivery ids; a constant for ever, since ids are promises to the services.
_NAMESPACE = UUID("5d0b6b1e-7f0c-5c6e-9d43-8a1f4f1f2c01")


@dataclass(frozen=True, slots=True)
class Request:
    """What a transport sends: `send` as the transport defines it (method, path, …), rendered, and the body's text."""

    send: Mapping[str, Any] = field(default_factory=dict)
    body: str | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one service."""

    id: str
    service: str
    rule: str
    revision: int
    #: None where its rule could not be rendered: such a delivery is dead and cannot be sent as it is.
    request: Request | None
    event: Event
    first_seen: datetime
    attempt: int = 1
    #: How often it made room for first attempts.
    deferred: int = 0
    #: Told apart from what was sent under the same id before: rendered anew, or mended by hand.
    variant: str = ""
    #: The attempts so far, as `attempt/story.py` writes them.
    story: str = ""
    #: When the event was published, as far as is known: for figures only.
    published: datetime | None = None

    @property
    def key(self) -> str:
        """What the service knows the request by (Idempotency-Key): the same for every attempt at the same request."""
        return f"{self.id}-{self.variant}" if self.variant else self.id

    def to_bytes(self) -> bytes:
        """The body: all but the attempt."""
        request = self.request and {
            "send": self.request.send,
            "body": self.request.body,
            "content_type": self.request.content_type,
        }
        return exact_json.dumps(
            {
                "v": VERSION,
                "id": self.id,
                "service": self.service,
                "rule": self.rule,
                "revision": self.revision,
                "first_seen": self.first_seen,
                "request": request,
                "event": self.event.to_mapping(),
            }
        )

    def headers(self) -> dict[str, str | int]:
        """The headers: what changes between attempts, and what a person reads in RabbitMQ's management UI."""
        always: dict[str, str | int] = {
            names.HEADER_VERSION: VERSION,
            names.HEADER_DELIVERY_ID: self.id,
            names.HEADER_EVENT_ID: self.event.id,
            names.HEADER_RULE: self.rule,
            names.HEADER_SERVICE: self.service,
            names.HEADER_ATTEMPT: self.attempt,
            names.HEADER_FIRST_SEEN: self.first_seen.isoformat(),
        }
        seldom: dict[str, str | int] = {
            names.HEADER_DEFERRED: self.deferred,
            names.HEADER_VARIANT: self.variant,
            names.HEADER_STORY: self.story,
            names.HEADER_PUBLISHED: self.published.isoformat() if self.published else "",
        }
        return always | {name: value for name, value in seldom.items() if value}


def read_published(headers: Mapping[str, Any]) -> datetime | None:
    """When the event was published; a delivery does not fail for want of a figure."""
    try:
        return _in_zone(datetime.fromisoformat(headers[names.HEADER_PUBLISHED]))
    except (KeyError, ValueError, TypeError):
        return None


def delivery_id(event: Event, rule: str) -> str:
    """The same for the same event and rule, whoever computes it and however often."""
    return str(uuid5(_NAMESPACE, f"{event.source}\x00{event.id}\x00{rule}"))


def read_delivery(body: bytes, headers: Mapping[str, Any]) -> Delivery:
    """Read what `to_bytes` and `headers` wrote; headers that are missing count as a first attempt.

    Raises Unreadable with what is missing or wrong.
    """
    try:
        found = exact_json.loads(body)
        if found["v"] != VERSION:
            raise Unreadable(f"a delivery of version {told(found['v'])}, this MIH reads {VERSION}")
        return Delivery(
            id=_a(str, found["id"]),
            service=_a(str, found["service"]),
            rule=_a(str, found["rule"]),
            revision=_a(int, found["revision"]),
            request=_checked(Request(**found["request"])) if found["request"] is not None else None,
            event=event_from_mapping(found["event"]),
            first_seen=_in_zone(datetime.fromisoformat(headers.get(names.HEADER_FIRST_SEEN) or found["first_seen"])),
            attempt=int(headers.get(names.HEADER_ATTEMPT, 1)),
            deferred=int(headers.get(names.HEADER_DEFERRED, 0)),
            variant=str(headers.get(names.HEADER_VARIANT, "")),
            story=str(headers.get(names.HEADER_STORY, "")),
            published=read_published(headers),
        )
    except (ValueError, TypeError, KeyError, OverflowError) as broken:
        raise Unreadable(f"not a delivery: {type(broken).__name__} {broken}") from None


def _checked(request: Request) -> Request:
    for name, (kind, expected) in _REQUEST.items():
        value = getattr(request, name)
        if not isinstance(value, kind):
            raise Unreadable(f"body.request.{name}: expected {expected}, found {type(value).__name__}")
    return request


def _a(kind: type[T], value: Any) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"found {told(value)}, expected {kind.__name__}")
    return value


def _in_zone(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
