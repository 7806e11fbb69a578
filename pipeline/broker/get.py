"""Taking messages one at a time with basic.get, where a consumer would take more along than it works on."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiormq.abc
from aiormq import spec
from aiormq.exceptions import ChannelNotFoundEntity

from pipeline.broker.away import unless_away
from pipeline.broker.incoming import Incoming, read_incoming
from pipeline.broker.session import Session
from pipeline.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Getter:
    """An open channel to get from."""

    _wire: aiormq.abc.AbstractChannel

    async def depth(self, queue: str) -> int:
        """Messages that are ready in the queue now.

        Raises Unavailable when there is no such queue or no broker.
        """
        with unless_away(queue):
            try:
                declared = await self._wire.queue_declare(queue, passive=True)
            except ChannelNotFoundEntity:
                raise no_such_queue(queue) from None
        return declared.message_count or 0

    async def get(self, queue: str) -> Incoming | None:
        """The message at the head, in hand until it is acknowledged; None when the queue is empty.

        Raises Unavailable.
        """
        with unless_away(queue):
            message = await self._wire.basic_get(queue)
        return None if isinstance(message.delivery, spec.Basic.GetEmpty) else read_incoming(message)

    async def ack(self, message: Incoming) -> None:
        """Acknowledge a message whose output is confirmed.

        Raises Unavailable when the channel is gone: the message will come again.
        """
        with unless_away("not acknowledged"):
            await self._wire.basic_ack(message.tag)


def no_such_queue(queue: str) -> Unavailable:
    """What is said of a queue that is missing."""
    return Unavailable(f"there is no queue {queue}: `mih topology apply` declares it")


@contextlib.asynccontextmanager
async def open_getter(session: Session) -> AsyncIterator[Getter]:
    """Open a channel of its own."""
    channel = await session.channel()
    try:
        yield Getter(await channel.get_underlay_channel())
    finally:
        with contextlib.suppress(Unavailable), unless_away("close"):
            await channel.close()
