"""A connection to RabbitMQ for as long as a declaration takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.utils.url import maybe_sanitize_url

from topology.addresses import addresses_of
from topology.errors import BrokerAway

#: Seconds until a broker that does not answer counts as away, when connecting.
_CONNECT_S = 10
#: Seconds that one answer may take: a cluster that elects leaders is slow.
_ANSWER_S = 60
#: AMQP heartbeat in seconds; every answer counts as one.
_HEARTBEAT_S = 60


@contextmanager
def connected(amqp_url: str) -> Iterator[Connection]:
    """Connect, to the first node that answers where several are named, hand on the connection, and close it.

    Raises BrokerAway for whatever RabbitMQ or the network refuses within.
    """
    connection = _connection(amqp_url)
    try:
        with connection:
            connection.ensure_connection(max_retries=len(connection.alt) - 1)
            yield connection
    except (OperationalError, *connection.connection_errors, *connection.channel_errors) as refused:
        reason = getattr(refused, "reply_text", "") or refused
        asked = ", ".join(maybe_sanitize_url(address, mask="***") for address in connection.alt)
        raise BrokerAway(f"RabbitMQ at {asked}: {reason}") from None


def vhost_of(amqp_url: str) -> str:
    """The virtual host that an AMQP address names; none named is `/`."""
    return str(_connection(amqp_url).virtual_host)


def _connection(amqp_url: str) -> Connection:
    parts = [urlsplit(address) for address in addresses_of(amqp_url)]
    # The road's client reads its own options from the query; kombu would take them for arguments of its own.
    return Connection(
        [one._replace(query="").geturl() for one in parts],
        connect_timeout=_CONNECT_S,
        heartbeat=_HEARTBEAT_S,
        ssl=_tls(parts[0].query) if parts[0].scheme == "amqps" else False,
        transport_options={"read_timeout": _ANSWER_S, "write_timeout": _ANSWER_S},
    )


def _tls(query: str) -> dict[str, Any]:
    """Read the certificates as the road's client does; without a server_hostname py-amqp would check no name."""
    options = {name: values[0] for name, values in parse_qs(query).items()}
    wanted = {"ca_certs": "cafile", "certfile": "certfile", "keyfile": "keyfile"}
    return {"server_hostname": None} | {ours: options[theirs] for ours, theirs in wanted.items() if theirs in options}
