"""Taking messages one at a time with basic.get, where a consumer would take more along than it works on."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiormq.abc
from aiormq import spec
from aiormq.exceptions import ChannelNotFoundEntity

from pipeline.broker.incoming import Incoming, read_incoming
from pipeline.broker.session import AWAY, Session
from pipeline.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Getter:
    """An open channel to get from."""

    _wire: aiormq.abc.AbstractChannel

    async def depth(self, queue: str) -> int:
        """Messages that are ready in the queue now.

        Raises Unavailable when there is no such queue or no broker.
        """
        try:
            declared = await self._wire.queue_declare(queue, passive=True)
        except ChannelNotFoundEntity:
            raise Unavailable(f"there is no queue {queue}: `mih topology apply` declares it") from None
        except AWAY as away:
            raise Unavailable(f"{queue}: {type(away).__name__} {away}") from None
        return declared.message_count or 0

    async def get(self, queue: str) -> Incoming | None:
        """The message at the head, in hand until it is acknowledged; None when the queue is empty.

        Raises Unavailable.
        """
        try:
            message = await self._wire.basic_get(queue)
        except AWAY as away:
            raise Unavailable(f"{queue}: {type(away).__name__} {away}") from None
        return None if isinstance(message.delivery, spec.Basic.GetEmpty) else read_incoming(message)

    async def ack(self, message: Incoming) -> None:
        """Acknowledge a message whose output is confirmed.

        Raises Unavailable when the channel is gone: the message will come again.
        """
        try:
            await self._wire.basic_ack(message.tag)
        except AWAY as away:
            raise Unavailable(f"not acknowledged: {type(away).__name__} {away}") from None


@contextlib.asynccontextmanager
async def open_getter(session: Session) -> AsyncIterator[Getter]:
    """Open a channel of its own."""
    try:
        channel = await session.consuming.channel(publisher_confirms=False)
        wire = await channel.get_underlay_channel()
    except AWAY as away:
        raise Unavailable(f"{type(away).__name__} {away}") from None
    try:
        yield Getter(wire)
    finally:
        with contextlib.suppress(*AWAY):
            await channel.close()
