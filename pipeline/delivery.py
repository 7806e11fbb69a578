"""Delivery: one event on its way to one service, from the router to its end.

The body never changes: the router writes it once, and senders, ladder, dead-letter queue and replay pass the same
bytes on. What changes between attempts (its number, the time from which the age counts) travels in headers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from pipeline import exact_json
from pipeline.errors import Unreadable
from pipeline.event import Event, event_from_mapping, told
from topology import names

CONTENT_TYPE = "application/vnd.mih.delivery+json"
VERSION = 1

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
        }
        return always | {name: value for name, value in seldom.items() if value}


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
            id=found["id"],
            service=found["service"],
            rule=found["rule"],
            revision=found["revision"],
            request=Request(**found["request"]) if found["request"] is not None else None,
            event=event_from_mapping(found["event"]),
            first_seen=datetime.fromisoformat(headers.get(names.HEADER_FIRST_SEEN) or found["first_seen"]),
            attempt=int(headers.get(names.HEADER_ATTEMPT, 1)),
            deferred=int(headers.get(names.HEADER_DEFERRED, 0)),
            variant=str(headers.get(names.HEADER_VARIANT, "")),
            story=str(headers.get(names.HEADER_STORY, "")),
        )
    except (ValueError, TypeError, KeyError) as broken:
        raise Unreadable(f"not a delivery: {type(broken).__name__} {broken}") from None
