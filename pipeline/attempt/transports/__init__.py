"""The ways out, one file each; adding one is adding a file and its line here."""

from collections.abc import Mapping

from pipeline.attempt.transports import amqp, rest, soap
from pipeline.attempt.transports.transport import Transport, TransportKind
from pipeline.registry.transport_schema import TransportSchema

__all__ = ["KINDS", "SCHEMAS", "Transport", "TransportKind"]

KINDS: Mapping[str, TransportKind] = {kind.schema.name: kind for kind in (amqp.KIND, rest.KIND, soap.KIND)}
#: What the registry needs to know of them.
SCHEMAS: Mapping[str, TransportSchema] = {name: kind.schema for name, kind in KINDS.items()}
