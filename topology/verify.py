"""Tells where RabbitMQ is not what the topology says, with what to do about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kombu import Exchange, Queue

from topology import names
from topology.entities import Binding, Topology
from topology.errors import REMADE_EXCHANGE, REMADE_QUEUE
from topology.management import Found, read_broker

_APPLY = "run `mih topology apply`"
#: Keys by which a policy takes messages out of a queue or sends them elsewhere. Without a length limit `overflow`
#: has nothing to decide, so it is not among them.
_TAKES_MESSAGES = (
    "max-length",
    "max-length-bytes",
    "message-ttl",
    "expires",
    "delivery-limit",
    "dead-letter-exchange",
    "dead-letter-routing-key",
    "dead-letter-strategy",
)

#: Messages, or bytes, that no queue ever has.
_NO_LIMIT = 1_000_000_000_000

What = Literal[
    "missing exchange",
    "missing queue",
    "missing binding",
    "surplus binding",
    "other exchange",
    "other queue",
    "unknown service",
    "harmful policy",
]


@dataclass(frozen=True, slots=True)
class Drift:
    """One place where the broker is not what the topology says."""

    what: What
    where: str
    expected: str
    found: str
    do: str


def drift(management_url: str, vhost: str, topology: Topology) -> list[Drift]:
    """Compare a virtual host with the topology; nothing to tell is an empty list.

    Raises ManagementAway.
    """
    return compare(topology, read_broker(management_url, vhost))


def compare(topology: Topology, found: Found) -> list[Drift]:
    """Compare what is there with the topology."""
    return [
        *_exchanges(topology, found),
        *_queues(topology, found),
        *_missing_bindings(topology, found),
        *_surplus_bindings(topology, found),
        *_unknown_services(topology, found),
        *_policies(topology, found),
    ]


def _exchanges(topology: Topology, found: Found) -> Iterator[Drift]:
    for exchange in topology.exchanges:
        if exchange.name not in found.exchanges:
            yield Drift("missing exchange", exchange.name, exchange.type, "none", _APPLY)
            continue
        for facet, expected, there in _differing(_facets(exchange), found.exchanges[exchange.name]):
            yield Drift("other exchange", exchange.name, f"{facet} {expected}", f"{facet} {there}", REMADE_EXCHANGE)


def _queues(topology: Topology, found: Found) -> Iterator[Drift]:
    for queue in topology.queues:
        if queue.name not in found.queues:
            yield Drift("missing queue", queue.name, "quorum", "none", _APPLY)
            continue
        for facet, expected, there in _differing(_facets(queue), found.queues[queue.name]):
            yield Drift("other queue", queue.name, f"{facet} {expected}", f"{facet} {there}", REMADE_QUEUE)


def _facets(entity: Exchange | Queue) -> dict[str, Any]:
    """Say all that cannot be changed in an exchange or a queue."""
    facets: dict[str, Any] = {"durable": entity.durable, "auto_delete": entity.auto_delete}
    if isinstance(entity, Queue):
        return {**facets, "type": "quorum", "exclusive": entity.exclusive, **entity.queue_arguments}
    return {**facets, "type": entity.type, "internal": False, **(entity.arguments or {})}


def _differing(expected: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    found = {name: value for name, value in row.items() if name in expected} | row["arguments"]
    for facet in sorted({*expected, *found}):
        if expected.get(facet) != found.get(facet):
            yield facet, _text(expected.get(facet)), _text(found.get(facet))


def _text(value: Any) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _missing_bindings(topology: Topology, found: Found) -> Iterator[Drift]:
    """What is bound to nothing because one end is missing is told by that end."""
    for binding in topology.bindings:
        ends = found.queues if binding.to == "queue" else found.exchanges
        if binding not in found.bindings and binding.source in found.exchanges and binding.destination in ends:
            yield Drift("missing binding", binding.destination, _bound(binding), "none", _APPLY)


def _surplus_bindings(topology: Topology, found: Found) -> Iterator[Drift]:
    """A queue of ours that gets more than its share from an exchange of ours; other exchanges may be bound to it."""
    exchanges = {exchange.name for exchange in topology.exchanges}
    queues = {queue.name for queue in topology.queues}
    for binding in sorted(found.bindings - set(topology.bindings), key=_bound):
        if binding.to == "queue" and binding.source in exchanges and binding.destination in queues:
            yield Drift("surplus binding", binding.destination, "none", _bound(binding), "unbind it")


def _bound(binding: Binding) -> str:
    return f"{binding.source} by {binding.key!r}"


def _unknown_services(topology: Topology, found: Found) -> Iterator[Drift]:
    known, prefix = {queue.name for queue in topology.queues}, names.service_queue("")
    for name, row in found.queues.items():
        if name.startswith(prefix) and name not in known:
            messages = row.get("messages", "an unknown number of")
            slug = name.removeprefix(prefix)
            do = f"add service {slug} again, or delete the queue with what it holds"
            yield Drift("unknown service", name, f"a service {slug}", f"{messages} messages", do)


def _policies(topology: Topology, found: Found) -> Iterator[Drift]:
    for queue in topology.queues:
        row = found.queues.get(queue.name, {})
        effective = row.get("effective_policy_definition") or {}
        for key in _TAKES_MESSAGES:
            argument = queue.queue_arguments.get(f"x-{key}")
            if key in effective and _prevails(effective[key], argument):
                do = _without(key, effective[key], _policy(row))
                yield Drift("harmful policy", queue.name, f"{key} {_text(argument)}", f"{key} {effective[key]}", do)


def _without(key: str, value: Any, policy: str) -> str:
    if key.startswith("max-length") and value < _NO_LIMIT:
        # Before 3.13.8 and 4.0.1 RabbitMQ tells whom it refused of more room, but not of a limit that is gone (#12206).
        return f"raise {key} in {policy} to {_NO_LIMIT}, and take it out a minute later, not before"
    return f"take {key} out of {policy}, or keep the policy off this queue"


def _prevails(policy: Any, argument: Any) -> bool:
    """RabbitMQ's rule: of two numbers the lower counts, of two texts the argument."""
    return argument is None or (isinstance(policy, int) and policy < argument)


def _policy(row: Mapping[str, Any]) -> str:
    blamed = {"policy": row.get("policy"), "operator policy": row.get("operator_policy")}
    return " and ".join(f"{kind} {name}" for kind, name in blamed.items() if name)
