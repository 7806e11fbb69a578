"""Consuming a queue: take, settle, acknowledge; and the way out for what cannot be taken.

The life of a message in hand:

1. Returned three times already: it may be what killed its process. It goes, unparsed, to `mih.suspect.<stage>`.
2. `take` runs. When it returns, all it published is confirmed, and the message is acknowledged.
3. `take` raises Unavailable: broker or publish failed. The message stays unacknowledged, the session ends and the
   message returns to its queue.
4. `take` raises anything else: a bug met this message. It goes to `mih.suspect.<stage>` as well, so that nothing
   loops and nobody waits behind it.

A queue has a channel of its own, since a channel's errors and its consumer timeout hit all that share it. The channel
is opened again for as long as its session lives.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import aiormq.abc
import structlog
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import ChannelNotFoundEntity

from pipeline.broker.incoming import Incoming, read_incoming
from pipeline.broker.outgoing import moved
from pipeline.broker.session import AWAY, HOLD_LIMIT_S, Session, pause
from pipeline.errors import NotConfirmed, Unavailable
from topology import names

#: So many returns make a message suspect.
SUSPECT_AFTER = 3
_REOPEN_WAIT_S = 1
_MISSING_WAIT_S = 5
#: Seconds between tries to publish what the broker refuses, doubling up to the last.
_REFUSED_WAITS_S = (1, 2, 5, 10, 20, 30)

Take = Callable[[Incoming], Awaitable[None]]

log = structlog.get_logger()


async def consume(  # noqa: PLR0913 - each is one word of the same sentence
    session: Session, queue: str, take: Take, *, stage: str, prefetch: int, until: asyncio.Event
) -> None:
    """Consume until `until` or the session's end; return when everything in hand is settled."""
    missing = False
    while not (until.is_set() or session.lost.is_set()):
        try:
            await _Consumer(session, queue, take, stage, prefetch, until).run()
            missing = False
        except ChannelNotFoundEntity:
            if not missing:
                log.error("queue missing", queue=queue, hint="mih topology apply declares it")
            missing = True
        except AWAY as away:
            log.warning("channel lost", queue=queue, reason=f"{type(away).__name__} {away}")
        await pause(_MISSING_WAIT_S if missing else _REOPEN_WAIT_S, until, session.lost)


async def settle_suspect(session: Session, stage: str, message: Incoming) -> None:
    """Send a message unparsed to the stage's suspect queue."""
    await session.publish(moved(message, "", names.suspect_queue(stage)))


@dataclass(slots=True, eq=False)
class _Consumer:
    """One channel on one queue, from its opening to its close."""

    session: Session
    queue: str
    take: Take
    stage: str
    prefetch: int
    until: asyncio.Event
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    in_hand: set[asyncio.Task[None]] = field(default_factory=set)
    #: Those of them that only have their acknowledgement to write.
    acking: set[asyncio.Task[None] | None] = field(default_factory=set)

    async def run(self) -> None:
        channel = await self.session.consuming.channel(publisher_confirms=False)
        channel.close_callbacks.add(self._gone)
        wire = await channel.get_underlay_channel()
        wire.on_consumer_cancel_callbacks.add(self._end)
        try:
            await wire.basic_qos(prefetch_count=self.prefetch)
            consumer = await wire.basic_consume(self.queue, self._received(wire))
            await pause(None, self.until, self.session.lost, self.ended)
            with contextlib.suppress(*AWAY):
                await wire.basic_cancel(consumer.consumer_tag or "", timeout=2)
        finally:
            # Closing a channel while acknowledgements are on their way closes the whole connection (504).
            await self._drain()
            with contextlib.suppress(*AWAY):
                await channel.close()

    def _end(self, *_: object) -> None:
        self.ended.set()

    def _gone(self, *_: object) -> None:
        self.ended.set()
        # Where a connection is lost with its write queue full, the client lets those behind it wait for ever.
        for task in filter(None, self.acking):
            task.cancel()

    def _received(self, wire: aiormq.abc.AbstractChannel) -> Callable[[DeliveredMessage], Coroutine[Any, Any, None]]:
        async def received(message: DeliveredMessage) -> None:
            # A task of ours, not the channel's: an attempt in flight outlives the loss of its channel, so that
            # what it achieved is remembered.
            task = asyncio.create_task(self._live(wire, read_incoming(message)))
            self.in_hand.add(task)
            task.add_done_callback(self.in_hand.discard)

        return received

    async def _live(self, wire: aiormq.abc.AbstractChannel, message: Incoming) -> None:
        try:
            await self._take_while_refused(message)
            await self._ack(wire, message)
        except Unavailable as away:
            log.warning("not settled", queue=self.queue, reason=str(away))
            self.session.lost.set()
        except AWAY as away:
            log.warning("not acknowledged, will come again", queue=self.queue, reason=f"{type(away).__name__} {away}")

    async def _ack(self, wire: aiormq.abc.AbstractChannel, message: Incoming) -> None:
        self.acking.add(task := asyncio.current_task())
        try:
            await wire.basic_ack(message.tag)
        finally:
            self.acking.discard(task)

    async def _take_while_refused(self, message: Incoming) -> None:
        """A refused publish is tried again here: ending the session for it would spend everyone's delivery count."""
        for wait_s in _REFUSED_WAITS_S:
            try:
                return await self._take_or_suspect(message)
            except NotConfirmed as refused:
                log.warning("publish refused", queue=self.queue, reason=str(refused), next_try_s=wait_s)
                await pause(wait_s, self.until, self.session.lost)
                if self.until.is_set() or self.session.lost.is_set():
                    raise
        return await self._take_or_suspect(message)

    async def _take_or_suspect(self, message: Incoming) -> None:
        if message.returned >= SUSPECT_AFTER:
            log.error("suspect", queue=self.queue, returned=message.returned)
            return await settle_suspect(self.session, self.stage, message)
        try:
            await self.take(message)
        except Unavailable:
            raise
        except Exception:
            # Whatever it is, it must not stop the queue: this is the boundary of everything a message can cause.
            log.exception("suspect: failed unexpectedly", queue=self.queue)
            await settle_suspect(self.session, self.stage, message)

    async def _drain(self) -> None:
        """Let what is in hand end; whoever cancels this cancels what is left, and that returns to its queue."""
        try:
            if self.in_hand:
                await asyncio.wait(self.in_hand, timeout=HOLD_LIMIT_S)
        finally:
            leftover = list(self.in_hand)
            for task in leftover:
                task.cancel()
            await asyncio.gather(*leftover, return_exceptions=True)
