"""Outgoing: what is published, its properties built from nothing.

No received header or property is copied: a copied `x-death` loses retries on RabbitMQ 3.10, a copied `CC` reaches
other queues, a copied `expiration` ends a delay early. What may travel on is named here, in `moved`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pipeline.broker.incoming import Incoming
from topology import names

#: Prefixes of headers that mean something to us, or to a format, and nothing to the broker.
_OURS = "mih-"
_FORMATS = ("ce-", "ce_", "cloudevents:", "cloudevents_")
#: Bytes: half of RabbitMQ's frame limit, which all headers of a message share. What is above it closes the connection.
_HEADERS_LIMIT = 65_536
#: Bytes that tell the lengths of a header's name and value, and the value's kind.
_AROUND = 6
#: Characters of a reason, which may repeat what it is about, and of a routing key, which AMQP bounds.
_LONGEST_REASON, _LONGEST_KEY = 2_000, 255


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish: persistent, confirmed, and mandatory unless nobody need listen."""

    exchange: str
    routing_key: str
    body: bytes
    content_type: str | None = None
    headers: Mapping[str, str | int] = field(default_factory=dict)
    content_encoding: str | None = None
    app_id: str | None = None
    mandatory: bool = True

    def with_headers(self, headers: Mapping[str, str | int]) -> "Outgoing":
        """The same message with these headers added or replaced."""
        return replace(self, headers={**self.headers, **headers})


def moved(message: Incoming, exchange: str, routing_key: str) -> Outgoing:
    """The message unparsed, on its way to another queue, with the headers that are ours or a format's."""
    return Outgoing(
        exchange,
        routing_key,
        message.body,
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        app_id=message.app_id,
        headers=_travelling(message.headers),
    )


def rejected(message: Incoming, key: str, reason: str) -> Outgoing:
    """The message unparsed, on its way to the dead letters of this key, with the reason and where it came from."""
    story = {
        names.HEADER_REASON: reason[:_LONGEST_REASON],
        names.HEADER_ROUTING_KEY: _first_key(message),
        names.HEADER_LETTER: uuid4().hex,
        names.HEADER_DIED_AT: datetime.now(UTC).isoformat(),
    }
    return moved(message, names.DLX, key).with_headers(story)


def _first_key(message: Incoming) -> str:
    """One that was replayed and is rejected again came in by its first key, if a header tells one."""
    told = message.headers.get(names.HEADER_ROUTING_KEY)
    return told[:_LONGEST_KEY] if isinstance(told, str) and told else message.routing_key


def _travelling(headers: Mapping[str, Any]) -> dict[str, str | int]:
    kept: dict[str, str | int] = {}
    room = _HEADERS_LIMIT
    for name, header in headers.items():
        is_format = name.lower().startswith(_FORMATS)
        # What a format reads as a time may have come as a date.
        value = header.isoformat() if is_format and isinstance(header, datetime) else header
        if isinstance(value, str | int) and (is_format or name.lower().startswith(_OURS)):
            size = len(f"{name}{value}".encode()) + _AROUND
            if size <= room:
                kept[name], room = value, room - size
    return kept
