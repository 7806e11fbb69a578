"""The topology as rows to read: one per exchange and queue, with what is bound to it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from topology.entities import Topology


@dataclass(frozen=True, slots=True)
class Row:
    """An exchange or a queue; `bindings` says from where it gets what, `arguments` are RabbitMQ's own."""

    name: str
    kind: str
    arguments: dict[str, Any]
    bindings: tuple[str, ...]

    @property
    def short(self) -> str:
        """The arguments as a person reads them."""
        return " · ".join(_said(self.arguments))


def rows(topology: Topology) -> list[Row]:
    """List the exchanges, then the queues, in the order of the road."""
    bound: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for binding in topology.bindings:
        bound[binding.to, binding.destination].append(f"{binding.source} {binding.key}".rstrip())
    return [
        *(
            Row(
                exchange.name,
                f"{exchange.type} exchange",
                exchange.arguments or {},
                tuple(bound["exchange", exchange.name]),
            )
            for exchange in topology.exchanges
        ),
        *(
            Row(queue.name, "quorum queue", queue.queue_arguments, tuple(bound["queue", queue.name]))
            for queue in topology.queues
        ),
    ]


def _said(arguments: Mapping[str, Any]) -> list[str]:
    said = []
    if exchange := arguments.get("alternate-exchange"):
        said.append(f"else {exchange}")
    if ttl_ms := arguments.get("x-message-ttl"):
        said.append(f"after {ttl_ms // 1000} s")
    if exchange := arguments.get("x-dead-letter-exchange"):
        said.append(f"dead to {exchange} {arguments.get('x-dead-letter-routing-key', '')}".rstrip())
    if limit := arguments.get("x-delivery-limit"):
        said.append(f"at most {limit:,} deliveries")
    return said
