"""Incoming: a message in hand, as the stages see it: no client library's type leaves this room."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiormq.abc import DeliveredMessage

from topology import names

_IDS = {
    names.HEADER_EVENT_ID: "event_id",
    names.HEADER_DELIVERY_ID: "delivery_id",
    names.HEADER_RULE: "rule",
    names.HEADER_SERVICE: "service",
}


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message in hand; whoever takes it returns when its output is confirmed, and it is then acknowledged."""

    body: bytes
    headers: Mapping[str, Any]
    exchange: str
    routing_key: str
    content_type: str | None
    content_encoding: str | None
    app_id: str | None
    #: How often it was handed out before without an acknowledgement.
    returned: int
    tag: int
    #: When it was published, as its publisher or RabbitMQ says.
    timestamp: datetime | None = None

    @property
    def ids(self) -> dict[str, str]:
        """What this message is about, for a log: the ids that its headers tell."""
        return {name: str(self.headers[header]) for header, name in _IDS.items() if header in self.headers}


def read_incoming(message: DeliveredMessage) -> Incoming:
    """Take over what the client library received."""
    properties = message.header.properties
    headers = properties.headers or {}
    # A publisher can write x-delivery-count itself, and 4.0 shows it: only a redelivery's count is the broker's.
    count = headers.get("x-delivery-count", 0) if message.redelivered else 0
    return Incoming(
        body=message.body,
        headers=headers,
        exchange=message.exchange or "",
        routing_key=message.routing_key or "",
        content_type=properties.content_type,
        content_encoding=properties.content_encoding,
        app_id=properties.app_id,
        returned=count if isinstance(count, int) else 0,
        tag=message.delivery_tag or 0,
        timestamp=properties.timestamp,
    )
