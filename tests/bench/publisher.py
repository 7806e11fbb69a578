"""The one publisher of all sides: from a backlog as fast as the broker confirms, or each event at its moment."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from time import monotonic

import aio_pika
from aiormq.abc import AbstractChannel
from numbered_events import Message, Writer

#: Publishes on their way at once.
_WINDOW = 256


class Publisher:
    """Publishes confirmed, on a connection of its own."""

    def __init__(self, channel: AbstractChannel) -> None:
        self._channel = channel

    async def backlog(self, write: Writer, numbers: Iterable[int]) -> None:
        """Publish all of them and wait for the last confirm."""
        left = iter(numbers)

        async def some() -> None:
            for number in left:
                await self._publish(write(number))

        await asyncio.gather(*(some() for _ in range(_WINDOW)))

    async def steady(self, messages: Sequence[Message], moments: Sequence[float]) -> None:
        """Publish each at its moment of the shared clock, whatever became of the one before: an open loop.

        One that comes late is not forgiven: who reads the latencies counts from its moment, not from when it went out.
        """
        on_their_way = set()
        for message, moment in zip(messages, moments, strict=True):
            if (wait_s := moment - monotonic()) > 0:
                await asyncio.sleep(wait_s)
            on_their_way.add(publishing := asyncio.create_task(self._publish(message)))
            publishing.add_done_callback(on_their_way.discard)
        await asyncio.gather(*on_their_way)

    async def _publish(self, message: Message) -> None:
        await self._channel.basic_publish(
            message.body,
            exchange=message.exchange,
            routing_key=message.routing_key,
            properties=message.properties,
            mandatory=True,
        )


@asynccontextmanager
async def publishing(url: str) -> AsyncIterator[Publisher]:
    """Give a publisher on this broker."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        yield Publisher(await channel.get_underlay_channel())
