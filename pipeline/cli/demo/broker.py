"""What the demo asks of its broker besides the road: does a hub work there, who consumes, and to forget the demo."""

from collections.abc import Iterable

from pipeline.errors import Misconfigured
from pipeline.settings import redacted
from topology import names
from topology.connection import connected
from topology.depths import read_depths


def refuse_if_used(amqp_url: str) -> None:
    """Make sure that nobody's events are there: the demo's stages would take them, and route them by its own rules.

    Raises Misconfigured, and BrokerAway.
    """
    for queue, depth in read_depths(amqp_url, (names.INGEST, names.ROUTER)).items():
        if depth.ready or depth.consumers:
            raise Misconfigured(
                f"MIH_AMQP_URL names {redacted(amqp_url)}, where a hub is in use: {queue} has {depth.ready} messages "
                f"and {depth.consumers} consumers. Name another virtual host, or none: the demo then has a RabbitMQ of "
                f"its own"
            )


def are_consumed(amqp_url: str, queues: Iterable[str]) -> bool:
    """Whether each of the queues has a consumer."""
    queues = list(queues)
    return [depth.consumers > 0 for depth in read_depths(amqp_url, queues).values()] == [True] * len(queues)


def declare_exchange(amqp_url: str, slug: str) -> None:
    """Declare the exchange to which a service's messages go; it has the service's name."""
    with connected(amqp_url) as connection, connection.channel() as channel:
        channel.exchange_declare(slug, "topic", auto_delete=False)


def forget_services(amqp_url: str, slugs: Iterable[str]) -> None:
    """Delete the exchange and the queues of these services, with all that an interrupted demo left in them."""
    with connected(amqp_url) as connection, connection.channel() as channel:
        for slug in slugs:
            channel.exchange_delete(slug)
            for queue in (names.service_queue(slug), names.dead_letter_queue(slug)):
                channel.queue_delete(queue)
