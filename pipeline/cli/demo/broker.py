"""What the demo asks of its broker besides the road: does a hub work there, who consumes, and to forget the demo."""

from collections.abc import Iterable, Mapping

from pipeline.errors import Misconfigured
from pipeline.settings import redacted
from topology import names
from topology.connection import connected


def refuse_if_used(amqp_url: str) -> None:
    """Make sure that nobody's events are there: the demo's stages would take them, and route them by its own rules.

    Raises Misconfigured, and BrokerAway.
    """
    for queue, (messages, consumers) in _depths(amqp_url, (names.INGEST, names.ROUTER)).items():
        if messages or consumers:
            raise Misconfigured(
                f"MIH_AMQP_URL names {redacted(amqp_url)}, where a hub is in use: {queue} has {messages} messages and "
                f"{consumers} consumers. Name another virtual host, or none: the demo then has a RabbitMQ of its own"
            )


def are_consumed(amqp_url: str, queues: Iterable[str]) -> bool:
    """Whether each of the queues has a consumer."""
    return all(consumers for _, consumers in _depths(amqp_url, queues).values())


def forget_services(amqp_url: str, slugs: Iterable[str]) -> None:
    """Delete the queues of these services, with all that an interrupted demo left in them."""
    with connected(amqp_url) as connection, connection.channel() as channel:
        for slug in slugs:
            for queue in (names.service_queue(slug), names.dead_letter_queue(slug)):
                channel.queue_delete(queue)


def _depths(amqp_url: str, queues: Iterable[str]) -> Mapping[str, tuple[int, int]]:
    """By queue, its ready messages and its consumers; a queue that is missing has neither."""
    depths = {}
    with connected(amqp_url) as connection:
        for queue in queues:
            # A refusal closes the channel, so each queue has its own.
            with connection.channel() as channel:
                try:
                    _, *depth = channel.queue_declare(queue, passive=True)
                except connection.channel_errors:
                    depth = [0, 0]
                depths[queue] = (depth[0], depth[1])
    return depths
