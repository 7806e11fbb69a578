"""The hot path to and from RabbitMQ: what goes and comes with every message, beneath the client library's own way.

aiormq opens, heartbeats, closes and asks; here is only what each message of the road would pay for there. Frames are
those of AMQP 0-9-1 (sections 2.3.5, 4.2), and every one of them is what pamqp reads and writes, which the tests show.
"""

from pipeline.broker.wire.deliveries import consume
from pipeline.broker.wire.publisher import Publisher
from pipeline.broker.wire.receiver import receive_quickly

__all__ = ["Publisher", "consume", "receive_quickly"]
