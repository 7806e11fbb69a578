"""Publishing to and taking from a real RabbitMQ, one confirmed message and one awaited message at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from topology.connection import connected

#: Seconds within which a message that is due must have come; far more than it needs.
WITHIN_S = 20


@dataclass(frozen=True, slots=True)
class Taken:
    body: str
    at: float


@dataclass(frozen=True, slots=True)
class Broker:
    connection: Any

    def publish(self, exchange: str, key: str, *bodies: str) -> None:
        with self.connection.channel() as channel:
            for body in bodies:
                message = channel.prepare_message(body, content_encoding="utf-8", properties={"delivery_mode": 2})
                channel.basic_publish_confirm(message, exchange, key)

    def take(self, queue: str, count: int = 1) -> list[Taken]:
        """Wait for a number of messages, a bounded time; what came is gone from the queue."""
        with self.connection.channel() as channel:
            return self._await(channel, queue, count, no_ack=True)

    def bodies(self, queue: str, count: int = 1) -> list[str]:
        return [taken.body for taken in self.take(queue, count)]

    def look(self, queue: str, count: int) -> list[str]:
        """Take messages in hand and go away without a word, so that all of them return."""
        with self.connection.channel() as channel:
            return [taken.body for taken in self._await(channel, queue, count, no_ack=False)]

    def reject(self, queue: str) -> None:
        with self.connection.channel() as channel:
            channel.basic_reject(channel.basic_get(queue).delivery_tag, requeue=False)

    def delete_queue(self, queue: str) -> None:
        with self.connection.channel() as channel:
            channel.queue_delete(queue)

    def delete_exchange(self, exchange: str) -> None:
        with self.connection.channel() as channel:
            channel.exchange_delete(exchange)

    def unbind(self, queue: str, exchange: str, key: str) -> None:
        with self.connection.channel() as channel:
            channel.queue_unbind(queue, exchange, key)

    def is_empty(self, queue: str) -> bool:
        with self.connection.channel() as channel:
            return not channel.queue_declare(queue, passive=True).message_count

    def _await(self, channel: Any, queue: str, count: int, *, no_ack: bool) -> list[Taken]:
        taken: list[Taken] = []
        channel.basic_consume(
            queue, no_ack=no_ack, callback=lambda message: taken.append(Taken(message.body, time.monotonic()))
        )
        until = time.monotonic() + WITHIN_S
        while len(taken) < count and (left := until - time.monotonic()) > 0:
            try:
                self.connection.drain_events(timeout=left)
            except TimeoutError:
                break
        return taken


@contextmanager
def a_broker(amqp_url: str) -> Iterator[Broker]:
    with connected(amqp_url) as connection:
        yield Broker(connection)
