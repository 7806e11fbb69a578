"""What the registry's file says of a service behind AMQP and of a rule that publishes to it."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from pipeline.attempt.amqp_address import AmqpAuth, checked_amqp_url
from pipeline.attempt.credentials import NoAuth
from pipeline.attempt.tls import Tls
from pipeline.duration import Duration
from pipeline.registry.model import ServiceBase
from pipeline.registry.references import is_reference

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
