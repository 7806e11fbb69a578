"""Consuming a queue: take, settle, acknowledge; and the way out for what cannot be taken.

The life of a message in hand:

1. Returned three times already: it may be what killed its process. It goes, unparsed, to `mih.suspect.<stage>`.
2. `take` runs. When it returns, all it published is confirmed, and the message is acknowledged.
3. `take` raises Unavailable: the broker is away. The message stays unacknowledged, the session ends and the message
   returns to its queue. Where the broker only refuses a publish (NotConfirmed), this queue's channel ends alone.
4. `take` raises anything else: a bug met this message. It goes to `mih.suspect.<stage>` as well, so that nothing
   loops and nobody waits behind it.
5. The stop is cut short before `take` returned: it is handed back, and what returned is acknowledged.

A queue has a channel of its own, since a channel's errors and its consumer timeout hit all that share it. The channel
is opened again for as long as its session lives; also where nothing moves though something should: as much is in hand
as may be and nothing of it ends, or messages wait in the queue and none comes.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

import aiormq.abc
import structlog
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import AMQPChannelError, ChannelNotFoundEntity

from pipeline.broker.acknowledger import Acknowledger
from pipeline.broker.away import said, unless_away
from pipeline.broker.incoming import Incoming, read_incoming
from pipeline.broker.outgoing import moved
from pipeline.broker.session import HOLD_LIMIT_S, Session
from pipeline.broker.wire import consume as wire_consume
from pipeline.errors import NotConfirmed, Unavailable
from pipeline.health import condition
from pipeline.health.metrics import IN_HAND, MENDED
from pipeline.pause import pause
from topology import names

#: So many returns make a message suspect.
SUSPECT_AFTER = 3
_REOPEN_WAIT_S = 1
_MISSING_WAIT_S = 5
#: Seconds between looks whether anything moves.
_LOOK_EVERY_S = 60
#: Looks in a row at messages that wait while none comes: one that only just arrived is no sign.
_LOOKS = 2
#: Seconds: longer than a healthy service, however slow, lets everything in hand wait.
_STUCK_AFTER_S = 300
_LOOK_TIMEOUT_S = 10
#: What is in hand when the session is lost cannot be settled, only end.
_LOST_GRACE_S = 2

#: Takes one message; True where that is on its way again, so that to take it twice would double it.
Take = Callable[[Incoming], Awaitable[bool | None]]

log = structlog.get_logger()


async def consume(  # noqa: PLR0913 - each is one word of the same sentence
    session: Session, queue: str, take: Take, *, stage: str, prefetch: int, until: asyncio.Event
) -> None:
    """Consume until `until` or the session's end; return when everything in hand is settled."""
    missing, consumer = False, None
    with condition(lambda: "" if until.is_set() or (consumer and consumer.takes) else f"{queue} is not consumed"):
        while await session.takes_publishes(until) and not until.is_set():
            consumer = _Consumer(session, queue, take, stage, prefetch, until)
            try:
                with unless_away("consume"):
                    is_there = await consumer.run()
            except Unavailable as away:
                log.warning("channel lost", queue=queue, reason=str(away))
            else:
                if not (is_there or missing):
                    log.error("queue missing", queue=queue, hint="mih topology apply declares it")
                missing = not is_there
            await pause(_MISSING_WAIT_S if missing else _REOPEN_WAIT_S, until, session.lost)


async def settle_suspect(session: Session, stage: str, message: Incoming) -> None:
    """Send a message unparsed to the stage's suspect queue."""
    await session.publish_patiently(moved(message, "", names.suspect_queue(stage)))


async def take_or_suspect(session: Session, queue: str, take: Take, stage: str, message: Incoming) -> bool:
    """Take a message, or send it to the suspects: when this returns it can be acknowledged, if True at once.

    Raises Unavailable and NotConfirmed: it cannot.
    """
    if message.returned >= SUSPECT_AFTER:
        log.error("suspect", queue=queue, returned=message.returned, **message.ids)
        await settle_suspect(session, stage, message)
        return True
    try:
        return bool(await take(message))
    except Unavailable:
        raise
    except Exception:
        # Whatever it is, it must not stop the queue: this is the boundary of everything a message can cause.
        log.exception("suspect: failed unexpectedly", queue=queue, **message.ids)
        await settle_suspect(session, stage, message)
        return True


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
    #: The broker sends what it has, as far as is known here.
    takes: bool = False
    #: When a message last came or was done with.
    moved_at: float = field(default_factory=monotonic)

    async def run(self) -> bool:
        """Consume to the end; whether there is such a queue."""
        channel = await self.session.channel()
        wire = await channel.get_underlay_channel()
        acknowledger = Acknowledger(wire, self.queue, self.prefetch)
        channel.close_callbacks.add(self._gone)
        channel.close_callbacks.add(acknowledger.give_up)
        wire.on_consumer_cancel_callbacks.add(self._end)
        is_cut_short = False
        try:
            await wire.basic_qos(prefetch_count=self.prefetch)
            consumer_tag = await wire_consume(wire, self.queue, self._received(acknowledger))
            self.takes = True
            stands_still = await self._stood_still(wire)
            acknowledger.hold()
            with contextlib.suppress(Unavailable), unless_away("cancel"):
                await wire.basic_cancel(consumer_tag, timeout=2)
            if not stands_still:
                await self._finish()
        except ChannelNotFoundEntity:
            return False
        except asyncio.CancelledError:
            is_cut_short = True
            raise
        finally:
            self.takes = False
            await self._let_go()
            # Also when the session is lost: that may be its other connection.
            await acknowledger.last_words(hands_back=is_cut_short)
            with contextlib.suppress(Unavailable), unless_away("close"):
                await channel.close()
        return True

    async def _stood_still(self, wire: aiormq.abc.AbstractChannel) -> bool:
        """Wait for the end; whether that is because nothing moved though something should."""
        over, in_vain = (self.until, self.session.lost, self.ended), 0
        while True:
            await pause(_LOOK_EVERY_S, *over)
            if any(event.is_set() for event in over):
                return False
            still_s = monotonic() - self.moved_at
            in_vain = in_vain + 1 if still_s >= _LOOK_EVERY_S and await self._starves(wire) else 0
            if in_vain == _LOOKS or (still_s >= _STUCK_AFTER_S and len(self.in_hand) >= self.prefetch):
                log.error("consumer stands still: opened anew", queue=self.queue, in_hand=len(self.in_hand))
                MENDED.labels(self.queue).inc()
                return True

    async def _starves(self, wire: aiormq.abc.AbstractChannel) -> bool:
        if self.in_hand:
            return False
        declared = await wire.queue_declare(self.queue, passive=True, timeout=_LOOK_TIMEOUT_S)
        return bool(declared.message_count)

    def _end(self, *_: object) -> None:
        self.takes = False
        self.ended.set()

    def _gone(self, _: object, why: BaseException | None) -> None:
        # A connection that is lost takes all its channels along, and is told once.
        if self.takes and isinstance(why, AMQPChannelError):
            log.warning("channel lost", queue=self.queue, reason=said(why))
        self._end()

    def _received(self, acknowledger: Acknowledger) -> Callable[[DeliveredMessage], None]:
        held = IN_HAND.labels(self.queue)

        def done(task: asyncio.Task[None]) -> None:
            self.in_hand.discard(task)
            self.moved_at = monotonic()
            held.dec()

        def received(message: DeliveredMessage) -> None:
            # A task of ours, not the channel's: an attempt in flight outlives the loss of its channel, so that
            # what it achieved is remembered.
            task = asyncio.create_task(self._live(acknowledger, read_incoming(message)))
            self.in_hand.add(task)
            self.moved_at = monotonic()
            held.inc()
            task.add_done_callback(done)

        return received

    async def _live(self, acknowledger: Acknowledger, message: Incoming) -> None:
        try:
            is_onward = await take_or_suspect(self.session, self.queue, self.take, self.stage, message)
        except NotConfirmed as refused:
            log.warning("not settled, will come again", queue=self.queue, reason=str(refused), **message.ids)
            self.ended.set()
        except Unavailable as away:
            log.warning("not settled, will come again", queue=self.queue, reason=str(away), **message.ids)
            self.session.lost.set()
        else:
            acknowledger.settled(message.tag, is_onward=is_onward)

    async def _finish(self) -> None:
        """Let what is in hand end, but make nobody wait for it who has to open the next session."""
        ended = asyncio.ensure_future(self._all_ended())
        lost = asyncio.ensure_future(self.session.lost.wait())
        try:
            await asyncio.wait((ended, lost), timeout=HOLD_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
            if lost.done():
                await asyncio.wait((ended,), timeout=_LOST_GRACE_S)
        finally:
            ended.cancel()
            lost.cancel()

    async def _all_ended(self) -> None:
        if self.in_hand:
            await asyncio.wait(self.in_hand)

    async def _let_go(self) -> None:
        """Cancel what did not end in time, or what whoever cancels this cuts short: it returns to its queue."""
        leftover = list(self.in_hand)
        for task in leftover:
            task.cancel()
        await asyncio.gather(*leftover, return_exceptions=True)
