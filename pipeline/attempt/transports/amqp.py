"""AMQP 0-9-1: a persistent, mandatory, confirmed message per delivery, over one connection per service."""

from pipeline.attempt.amqp_keys import AmqpSend, AmqpService
from pipeline.attempt.means import Means
from pipeline.attempt.transports.transport import Transport, TransportKind
from pipeline.registry.transport_schema import TransportSchema


def _open(service: AmqpService, means: Means) -> Transport:
    from pipeline.attempt.amqp_transport import AmqpTransport  # noqa: PLC0415 - its sockets are for its senders

    return AmqpTransport(service, means)


KIND = TransportKind(TransportSchema("amqp", AmqpService, AmqpSend), _open)
