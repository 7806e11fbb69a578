"""How many messages are ready in a queue and who consumes it, asked of RabbitMQ itself.

The management API learns of a queue's messages only every few seconds, and of a new queue's after about five. What it
alone knows is how many are in hand.
"""

from collections.abc import Iterable, Mapping

from topology.connection import connected
from topology.depth import Depth


def read_depths(amqp_url: str, queues: Iterable[str]) -> Mapping[str, Depth]:
    """Ask for each of these queues; one that does not exist is left out.

    Raises BrokerAway.
    """
    depths = {}
    with connected(amqp_url) as connection:
        channel = connection.channel()
        for queue in queues:
            try:
                _, ready, consumers = channel.queue_declare(queue, passive=True)
            except connection.channel_errors:
                # The refusal has closed the channel.
                channel = connection.channel()
            else:
                depths[queue] = Depth(ready, consumers)
    return depths
