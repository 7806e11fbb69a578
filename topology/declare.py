"""Makes RabbitMQ what the topology says, adding what is missing and changing nothing that is there."""

import re

from kombu import Connection, Exchange, Queue

from topology import names
from topology.connection import connected
from topology.entities import Topology, service_topology
from topology.errors import ArgumentsDiffer, Difference

_INEQUIVALENT = re.compile(
    r"inequivalent arg '(?P<argument>[^']+)' for (?P<kind>exchange|queue) '(?P<name>[^']+)' in vhost .*: "
    r"received (?P<expected>.+) but current is (?P<found>.+)"
)


def declare(amqp_url: str, topology: Topology) -> None:
    """Add the exchanges, queues and bindings that are missing; doing it again changes nothing.

    Raises ArgumentsDiffer, when all else is declared, for every one that exists with other arguments, and BrokerAway.
    """
    with connected(amqp_url) as connection:
        found = [_difference(connection, entity) for entity in (*topology.exchanges, *topology.queues)]
        _bind(connection, topology)
    if differences := tuple(difference for difference in found if difference):
        raise ArgumentsDiffer(differences)


def unbind_service(amqp_url: str, slug: str) -> None:
    """Take a removed service off the road: what comes for it later ends in `mih.unroutable`.

    Its queue and its dead-letter queue stay with all they hold, and what dies of it still finds the latter.
    """
    on_the_road = (names.SERVICES, names.DELAY_DUE)
    with connected(amqp_url) as connection, connection.channel() as channel:
        for binding in service_topology(slug).bindings:
            if binding.source in on_the_road:
                channel.queue_unbind(binding.destination, binding.source, binding.key)


def _difference(connection: Connection, entity: Exchange | Queue) -> Difference | None:
    # A refusal closes the channel, so each entity has its own.
    with connection.channel() as channel:
        try:
            bound = entity.bind(channel)
            bound.queue_declare() if isinstance(entity, Queue) else bound.declare()
        except connection.channel_errors as refused:
            if difference := read_refusal(str(refused)):
                return difference
            raise
    return None


def read_refusal(text: str) -> Difference | None:
    """Read RabbitMQ's words for arguments that differ; other words are None."""
    told = _INEQUIVALENT.search(text)
    if not told:
        return None
    expected, found = _value(told["expected"]), _value(told["found"])
    return Difference(told["kind"], told["name"], told["argument"], expected, found)


def _value(told: str) -> str:
    """Read `'5'`, `none` or `the value '5' of type 'signedint'`."""
    quoted = re.search(r"'([^']*)'", told)
    return quoted[1] if quoted else told


def _bind(connection: Connection, topology: Topology) -> None:
    with connection.channel() as channel:
        for binding in topology.bindings:
            if binding.to == "queue":
                channel.queue_bind(binding.destination, binding.source, binding.key)
            else:
                channel.exchange_bind(binding.destination, binding.source, binding.key)
