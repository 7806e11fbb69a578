"""Outgoing: what is published, its properties built from nothing.

No received header or property is copied: a copied `x-death` loses retries on RabbitMQ 3.10, a copied `CC` reaches
other queues, a copied `expiration` ends a delay early. What may travel on is named here, in `moved`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

from aiormq import spec

from pipeline.broker.incoming import Incoming

_PERSISTENT = 2
#: Prefixes of headers that mean something to us and nothing to the broker.
_OURS = ("mih-", "ce-", "ce_", "cloudevents:", "cloudevents_")


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
        headers={
            name: value
            for name, value in message.headers.items()
            if name.lower().startswith(_OURS) and isinstance(value, str | int)
        },
    )


def properties_of(message: Outgoing) -> spec.Basic.Properties:
    """AMQP properties, with a message id of its own: returns are matched by it."""
    return spec.Basic.Properties(
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        headers=dict(message.headers),
        delivery_mode=_PERSISTENT,
        message_id=uuid4().hex,
        app_id=message.app_id,
    )
