"""Pulling messages one at a time out of a consumer, for who passes over so many that a basic.get each takes too long.

What was sent ahead and is not pulled returns to its queue when the channel closes.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiormq.abc
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import ChannelNotFoundEntity

from pipeline.broker.away import unless_away
from pipeline.broker.get import no_such_queue
from pipeline.broker.incoming import Incoming, read_incoming
from pipeline.broker.session import Session
from pipeline.errors import Unavailable

#: Seconds without a message after which the queue is asked whether it holds any.
_LOOK_AFTER_S = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Puller:
    """An open channel with a consumer."""

    queue: str
    _wire: aiormq.abc.AbstractChannel
    _ahead: asyncio.Queue[Incoming] = field(default_factory=asyncio.Queue)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def pull(self) -> Incoming | None:
        """The next message, in hand until it is acknowledged; None when the queue is empty.

        Raises Unavailable when the channel is gone.
        """
        while self._ahead.empty():
            if self._gone.is_set():
                raise Unavailable(f"{self.queue}: the channel was closed")
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(self._ahead.get(), _LOOK_AFTER_S)
            if not await self.depth() and self._ahead.empty():
                return None
        return self._ahead.get_nowait()

    async def ack(self, message: Incoming) -> None:
        """Acknowledge a message whose output is confirmed; `depth` returns when the broker has heard of it.

        Raises Unavailable when the channel is gone: the message will come again.
        """
        with unless_away("not acknowledged"):
            await self._wire.basic_ack(message.tag, wait=False)

    async def depth(self) -> int:
        """Messages that are ready in the queue now.

        Raises Unavailable when the channel is gone.
        """
        with unless_away(self.queue):
            declared = await self._wire.queue_declare(self.queue, passive=True)
        return declared.message_count or 0

    async def start(self, ahead: int) -> None:
        """Have so many messages sent ahead."""
        self._wire.on_consumer_cancel_callbacks.add(self.close)
        with unless_away(self.queue):
            try:
                await self._wire.basic_qos(prefetch_count=ahead)
                await self._wire.basic_consume(self.queue, self._received)
            except ChannelNotFoundEntity:
                raise no_such_queue(self.queue) from None

    def close(self, *_: object) -> None:
        """Note that nothing more will come."""
        self._gone.set()

    async def _received(self, message: DeliveredMessage) -> None:
        self._ahead.put_nowait(read_incoming(message))


@contextlib.asynccontextmanager
async def open_puller(session: Session, queue: str, *, ahead: int) -> AsyncIterator[Puller]:
    """Open a channel of its own to pull from a queue, with at most `ahead` messages in hand.

    Raises Unavailable when there is no such queue or no broker.
    """
    channel = await session.channel()
    try:
        puller = Puller(queue, await channel.get_underlay_channel())
        channel.close_callbacks.add(puller.close)
        await puller.start(ahead)
        yield puller
    finally:
        with contextlib.suppress(Unavailable), unless_away("close"):
            await channel.close()
