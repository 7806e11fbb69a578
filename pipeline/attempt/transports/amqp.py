"""AMQP 0-9-1: a persistent, mandatory, confirmed message per delivery, over one connection per service."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from pipeline.attempt.amqp_address import AmqpAuth, checked_amqp_url, opened_address
from pipeline.attempt.amqp_ending import BLOCKED, seen_in
from pipeline.attempt.amqp_link import AmqpLink
from pipeline.attempt.amqp_message import AmqpMessage, message_of
from pipeline.attempt.credentials import NoAuth
from pipeline.attempt.ending import Seen, Stated, Unanswered, Unsendable
from pipeline.attempt.means import Means
from pipeline.attempt.tls import Tls, ssl_context
from pipeline.attempt.transports.transport import TransportKind
from pipeline.delivery import Delivery
from pipeline.duration import Duration
from pipeline.errors import Misconfigured, Unrenderable
from pipeline.outcome import Ending
from pipeline.registry.model import ServiceBase
from pipeline.registry.references import is_reference
from pipeline.registry.transport_schema import TransportSchema

#: What AMQP has room for in the name of an exchange, in bytes.
_LONGEST_NAME = 255
#: Milliseconds, in 32 bits.
_LONGEST_EXPIRATION = timedelta(milliseconds=2**32 - 1)
#: Headers by which RabbitMQ copies a message to other queues; no text is what it expects in them.
_COPIES = frozenset({"CC", "BCC"})


def _header_names(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if not name or name in _COPIES:
            raise ValueError(f"found the header {name!r}, expected one by which the broker makes no copies")
    return headers


class AmqpService(ServiceBase):
    """An exchange of a broker."""

    transport: Literal["amqp"]
    url: str = Field(
        description="amqp:// or amqps://host:port/vhost; one that a reference stands for may hold user:password,"
        " percent-encoded"
    )
    exchange: str = Field("", description="published to; the default exchange's routing keys are names of queues")
    auth: AmqpAuth = NoAuth()
    tls: Tls | None = Field(None, description="certificates, where the system's trust is not enough")

    @field_validator("url")
    @classmethod
    def _is_amqp(cls, url: str) -> str:
        return url if is_reference(url) else checked_amqp_url(url)

    @field_validator("exchange")
    @classmethod
    def _has_room(cls, exchange: str) -> str:
        if len(exchange.encode()) > _LONGEST_NAME:
            raise ValueError(f"expected at most {_LONGEST_NAME} bytes")
        return exchange


class AmqpSend(BaseModel):
    """How a rule's message is published."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    routing_key: str = Field("", description="where the exchange sends it; a queue's name for the default exchange")
    headers: Annotated[dict[str, str], AfterValidator(_header_names)] = Field(default_factory=dict)
    priority: Annotated[int, Field(strict=True, ge=0, le=255)] | None = None
    expiration: Annotated[Duration, Field(ge=timedelta(milliseconds=1), le=_LONGEST_EXPIRATION)] | None = Field(
        None, description="how long it may wait in a queue"
    )
    type: str | None = Field(None, description="the event's type when left out")
    correlation_id: str | None = Field(None, description="the delivery's id when left out")
    reply_to: str | None = Field(None, description="the queue that the service is to answer on")


class AmqpTransport:
    """An open way to one exchange."""

    def __init__(self, service: AmqpService, means: Means) -> None:
        address = opened_address(service.url, service.auth, means)
        if service.tls and not address.is_tls:
            raise Misconfigured(f"url {service.url}: expected amqps://, because there is a tls section")
        self._exchange = service.exchange
        self._timeout_s = service.timeout.total_seconds()
        self._turns = asyncio.Semaphore(service.concurrency)
        self._link = AmqpLink(address, means.guard, ssl_context(service.tls) if address.is_tls else None)

    async def attempt(self, delivery: Delivery) -> Seen:
        """Publish once and await the broker's word, all within the service's timeout."""
        if delivery.request is None:
            return Unsendable("there is no request: its rule could not be rendered")
        try:
            message = message_of(delivery, delivery.request, datetime.now(UTC))
        except (Unrenderable, UnicodeError) as wrong:
            return Unsendable(f"the message cannot be sent: {wrong}")
        return await self._published(message)

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def _published(self, message: AmqpMessage) -> Seen:
        try:
            async with asyncio.timeout(self._timeout_s), self._turns:
                await self._link.publish(message, self._exchange)
        except TimeoutError:
            why = f": {BLOCKED}" if self._link.is_blocked else ""
            return Unanswered(f"no answer within {self._timeout_s:g} s{why}", timed_out=True)
        except asyncio.CancelledError:
            # A connection that ends cancels whoever waits on it; that is no wish to end this task.
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            return Unanswered("connection closed without an answer")
        except Exception as failed:  # noqa: BLE001 - what a peer answers can make the client library raise anything
            return seen_in(failed, self._exchange, len(message.body))
        return Stated(Ending.DELIVERED, "confirmed")


KIND = TransportKind(TransportSchema("amqp", AmqpService, AmqpSend), AmqpTransport)
