"""The interface of a transport; `tests/conformance/` holds what every one must do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.attempt.ending import Seen
from pipeline.attempt.means import Means
from pipeline.delivery import Delivery
from pipeline.registry.transport_schema import TransportSchema


class Transport(Protocol):
    """An open way to one service."""

    async def attempt(self, delivery: Delivery) -> Seen:
        """Send once, within the service's timeout; what went wrong is seen, not raised."""
        ...

    async def close(self) -> None:
        """Let go of its connections."""
        ...


@dataclass(frozen=True, slots=True)
class TransportKind:
    """A transport as its file offers it: what the registry accepts for it, and how to open it for a service."""

    schema: TransportSchema
    #: Takes the service; raises Misconfigured when a secret is missing.
    open: Callable[[Any, Means], Transport]
