"""AMQP 0-9-1: a persistent, mandatory, confirmed message per delivery, over one connection per service."""

import asyncio
from datetime import UTC, datetime

from pipeline.attempt.amqp_address import opened_address
from pipeline.attempt.amqp_ending import BLOCKED, seen_in
from pipeline.attempt.amqp_keys import AmqpService
from pipeline.attempt.amqp_link import AmqpLink
from pipeline.attempt.amqp_message import AmqpMessage, message_of
from pipeline.attempt.ending import Seen, Stated, Unanswered, Unsendable
from pipeline.attempt.means import Means
from pipeline.attempt.tls import ssl_context
from pipeline.delivery import Delivery
from pipeline.errors import Misconfigured, Unrenderable
from pipeline.outcome import Ending


class AmqpTransport:
    """An open way to one exchange."""

    def __init__(self, service: AmqpService, means: Means) -> None:
        address = opened_address(service.url, service.auth, means)
        if service.tls and not address.is_tls:
            raise Misconfigured(f"url {service.url}: expected amqps://, because there is a tls section")
        self._exchange = service.exchange
        self._timeout_s = service.timeout.total_seconds()
        self._turns = asyncio.Semaphore(service.concurrency)
        self._link = AmqpLink(address, means.guard, ssl_context(service.tls) if address.is_tls else None)

    async def attempt(self, delivery: Delivery) -> Seen:
        """Publish once and await the broker's word, all within the service's timeout."""
        if delivery.request is None:
            return Unsendable("there is no request: its rule could not be rendered")
        try:
            message = message_of(delivery, delivery.request, datetime.now(UTC))
        except (Unrenderable, UnicodeError) as wrong:
            return Unsendable(f"the message cannot be sent: {wrong}")
        return await self._published(message)

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def _published(self, message: AmqpMessage) -> Seen:
        try:
            async with asyncio.timeout(self._timeout_s), self._turns:
                await self._link.publish(message, self._exchange)
        except TimeoutError:
            why = f": {BLOCKED}" if self._link.is_blocked else ""
            return Unanswered(f"no answer within {self._timeout_s:g} s{why}", timed_out=True)
        except asyncio.CancelledError:
            # A connection that ends cancels whoever waits on it; that is no wish to end this task.
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            return Unanswered("connection closed without an answer")
        except Exception as failed:  # noqa: BLE001 - what a peer answers can make the client library raise anything
            return seen_in(failed, self._exchange, len(message.body))
        return Stated(Ending.DELIVERED, "confirmed")
