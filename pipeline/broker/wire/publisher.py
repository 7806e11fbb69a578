"""Publishing on one channel: what is published in the same turn of the loop is written at once.

What can wait is written with what cannot, or after a moment by itself.
"""

import asyncio
from typing import Any
from uuid import uuid4

import aiormq
from aiormq.abc import ChannelFrame, DeliveredMessage
from aiormq.exceptions import DeliveryError, PublishError
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from pipeline.broker.outgoing import Outgoing
from pipeline.broker.wire.content import Content
from pipeline.broker.wire.decode import AnyFrame
from pipeline.broker.wire.encode import publish_frames
from pipeline.broker.wire.intercept import intercept
from pipeline.departure import Departure

#: Seconds after which what can wait is written by itself.
_PATIENCE_S = 0.005
#: Digits of a message id: those that all ids of a channel begin with, then its number there.
_PREFIX, _NUMBER = 20, 12


class Publisher:
    """Publishes on a channel with confirms on which nobody else publishes."""

    def __init__(self, channel: aiormq.Channel, longest_s: float) -> None:
        """Begin; what is not confirmed after `longest_s` seconds never will be."""
        self._channel = channel
        self._longest_s = longest_s
        self._loop = asyncio.get_running_loop()
        self._prefix = uuid4().hex[:_PREFIX]
        self._number = 0
        #: By number: who waits for it, and since when.
        self._unconfirmed: dict[int, tuple[asyncio.Future[None], float]] = {}
        self._unwritten: list[bytes] = []
        self._writing: asyncio.Task[None] | None = None
        self._departure = Departure(self._write_soon)
        self._watching: asyncio.TimerHandle | None = None
        self._returned: Content[Basic.Return] | None = None
        self._closed_by: Exception | None = None
        intercept(channel, self._take)
        channel.closing.add_done_callback(self._closed)

    async def publish(self, message: Outgoing, *, can_wait: bool = False) -> None:
        """Publish and wait for the confirm.

        Raises what the client library raises: PublishError where it was returned, DeliveryError where it was refused,
        and whatever closed the channel; ValueError for a routing key that AMQP cannot carry.
        """
        if self._closed_by:
            raise self._closed_by
        number = self._number + 1
        self._unwritten.append(self._written(message, number))
        self._number = number
        confirmed = self._loop.create_future()
        self._unconfirmed[number] = confirmed, self._loop.time()
        if not can_wait:
            self._departure.now()
        elif self._writing is None:
            self._departure.within(_PATIENCE_S)
        if self._watching is None:
            self._watching = self._loop.call_later(self._longest_s, self._watch)
        await confirmed

    def _written(self, message: Outgoing, number: int) -> bytes:
        # A message id of its own: returns are matched by it.
        message_id = f"{self._prefix}{number:0{_NUMBER}x}"
        channel = self._channel
        return publish_frames(message, message_id, channel=channel.number, content_max=channel.max_content_size)

    def _write_soon(self) -> None:
        if self._writing is None:
            self._writing = self._loop.create_task(self._write(), name="publish")

    async def _write(self) -> None:
        try:
            while self._unwritten:
                frames, self._unwritten = self._unwritten, []
                await self._channel.write_queue.put(ChannelFrame(payload=b"".join(frames), should_close=False))
        finally:
            self._writing = None

    def _take(self, frame: AnyFrame) -> bool:
        # All of these here: what is returned is confirmed afterwards, and must not be confirmed first.
        if self._returned and isinstance(frame, ContentHeader | ContentBody):
            self._take_returned(self._returned, frame)
        elif isinstance(frame, Basic.Ack):
            self._confirm(frame.delivery_tag or 0, None, multiple=frame.multiple)
        elif isinstance(frame, Basic.Nack):
            self._confirm(frame.delivery_tag or 0, DeliveryError(None, frame), multiple=frame.multiple)
        elif isinstance(frame, Basic.Return):
            self._returned = Content(frame)
        else:
            return False
        return True

    def _take_returned(self, returned: Content[Basic.Return], frame: ContentHeader | ContentBody) -> None:
        if not returned.add(frame):
            return
        self._returned = None
        number = int((returned.header.properties.message_id or "")[_PREFIX:] or "0", 16)
        message = DeliveredMessage(
            delivery=returned.method, header=returned.header, body=returned.body, channel=self._channel
        )
        if waiting := self._unconfirmed.get(number):
            _end(waiting[0], PublishError(message, returned.method))

    def _confirm(self, number: int, refused: Exception | None, *, multiple: bool) -> None:
        if not multiple:
            self._settle(number, refused)
            return
        while self._unconfirmed and (first := next(iter(self._unconfirmed))) <= number:
            self._settle(first, refused)

    def _settle(self, number: int, refused: Exception | None) -> None:
        waiting = self._unconfirmed.pop(number, None)
        if waiting:
            _end(waiting[0], refused)

    def _watch(self) -> None:
        self._watching = None
        if not self._unconfirmed:
            return
        _, since = next(iter(self._unconfirmed.values()))
        left_s = since + self._longest_s - self._loop.time()
        if left_s > 0:
            self._watching = self._loop.call_later(left_s, self._watch)
        else:
            self._fail(TimeoutError(f"no confirm within {self._longest_s:g} s"))

    def _closed(self, closing: asyncio.Future[Any]) -> None:
        reason = None if closing.cancelled() else closing.exception()
        self._closed_by = reason if isinstance(reason, Exception) else ConnectionError("the channel was closed")
        self._fail(self._closed_by)
        self._departure.cancel()
        if self._watching:
            self._watching.cancel()
        # Where a connection is lost with its write queue full, the client lets those behind it wait for ever.
        if self._writing:
            self._writing.cancel()

    def _fail(self, reason: Exception) -> None:
        for confirmed, _ in self._unconfirmed.values():
            _end(confirmed, reason)
        self._unconfirmed.clear()


def _end(confirmed: asyncio.Future[None], refused: Exception | None) -> None:
    # Whoever waited may have been cancelled, or have had it returned.
    if confirmed.done():
        return
    if refused:
        confirmed.set_exception(refused)
    else:
        confirmed.set_result(None)
