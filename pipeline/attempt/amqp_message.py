"""The message that a delivery becomes; its properties are built from nothing but the delivery."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiormq import spec
from pamqp.common import FieldTable

from pipeline.delivery import Delivery, Request
from pipeline.duration import parse_duration
from pipeline.errors import Unrenderable

_PERSISTENT = 2
#: Bytes of a short text, AMQP's word for what stands in a property or names a header.
_SHORT = 255
#: Bytes: half of what RabbitMQ lets all properties of a message take. What is above it closes the connection.
_HEADERS_LIMIT = 65_536
#: Names of the broker's own for a queue that only whoever consumes from it can be answered on.
_ANSWERED_HERE = "amq.rabbitmq.reply-to"


@dataclass(frozen=True, slots=True)
class AmqpMessage:
    """What is published, to whichever exchange."""

    routing_key: str
    body: bytes
    properties: spec.Basic.Properties


def message_of(delivery: Delivery, request: Request, now: datetime) -> AmqpMessage:
    """Build the message.

    Raises Unrenderable with what AMQP has no room for, and UnicodeError.
    """
    send = request.send
    properties = spec.Basic.Properties(
        content_type=None if request.body is None else _short("content_type", request.content_type),
        headers=_headers(send.get("headers", {})),
        delivery_mode=_PERSISTENT,
        priority=send.get("priority"),
        correlation_id=_short("correlation_id", send.get("correlation_id", delivery.id)),
        reply_to=_reply_to(send.get("reply_to")),
        expiration=_expiration(send.get("expiration")),
        message_id=_short("the delivery's key", delivery.key),
        timestamp=now,
        message_type=_short("type", send.get("type", delivery.event.type)),
        app_id="mih",
    )
    return AmqpMessage(_short("routing_key", send.get("routing_key", "")), (request.body or "").encode(), properties)


def milliseconds(duration: timedelta) -> int:
    """The only unit in which a message's expiration is told."""
    return duration // timedelta(milliseconds=1)


def _short(name: str, text: str) -> str:
    if len(text.encode()) > _SHORT:
        raise Unrenderable(f"{name} is longer than {_SHORT} bytes")
    return text


def _reply_to(queue: str | None) -> str | None:
    if queue is None:
        return None
    if queue.startswith(_ANSWERED_HERE):
        raise Unrenderable(
            "reply_to names a queue that only whoever sends can be answered on, expected one of your own"
        )
    return _short("reply_to", queue)


def _expiration(duration: str | None) -> str | None:
    try:
        return None if duration is None else str(milliseconds(parse_duration(duration)))
    except ValueError:
        raise Unrenderable("expiration is no duration") from None


def _headers(headers: Mapping[str, str]) -> FieldTable:
    for name in headers:
        _short("a header's name", name)
    if sum(len(f"{name}{value}".encode()) for name, value in headers.items()) > _HEADERS_LIMIT:
        raise Unrenderable(f"all headers together are longer than {_HEADERS_LIMIT} bytes")
    return dict(headers)
