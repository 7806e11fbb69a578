"""A session: one connection that publishes, one that consumes, and their end.

They are two because under a memory alarm RabbitMQ stops reading from a connection that publishes: acknowledgements
sent on it would wait too. A session is never mended: when either connection or the publishing channel is lost, the
session is over, what was in hand returns to its queues, and `run_sessions` opens the next.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from random import sample
from time import monotonic
from typing import Any, cast

import aio_pika
import aiormq
import structlog
from yarl import URL

from pipeline.broker.away import unless_away
from pipeline.broker.blocked import blocks_told
from pipeline.broker.lenient import read_leniently
from pipeline.broker.outgoing import Outgoing
from pipeline.broker.wire import Publisher, receive_quickly
from pipeline.errors import NotConfirmed, Unavailable
from pipeline.health import condition
from pipeline.pause import pause
from pipeline.settings import redacted
from topology.addresses import addresses_of

#: Seconds: half of what a dead peer takes to be noticed.
HEARTBEAT_S = 15
CONNECT_TIMEOUT_S = 10
_CLOSE_TIMEOUT_S = 1
#: The longest wait for anything but an attempt while a message is in hand: with an attempt of two minutes and the
#: waits below it is less than five, where RabbitMQ's consumer_timeout is 30.
HOLD_LIMIT_S = 120
#: Waits before a publish that the broker refused is tried again.
_REFUSED_WAITS_S = (1, 2, 5, 10, 20)
#: Seconds that what is in hand is given to end when the process stops.
STOP_GRACE_S = 6
#: Waits between sessions: at once after a loss, then patiently.
RECONNECT_WAITS_S = (0.2, 0.5, 1, 2, 5)
#: A session that lived so long was no failed try to open one.
_GOOD_SESSION_S = 10
_TO_NOBODY = Outgoing("", "", b"", mandatory=False)

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Session:
    """An open pair of connections."""

    publishing: aio_pika.abc.AbstractConnection
    consuming: aio_pika.abc.AbstractConnection
    _publisher: Publisher
    lost: asyncio.Event
    #: Where it is connected to, for people.
    broker: str
    _taking: asyncio.Task[None] | None = None

    async def publish(self, message: Outgoing, *, can_wait: bool = False) -> None:
        """Publish and wait for the broker's confirm; what `can_wait` a moment travels with others.

        Raises NotConfirmed when the broker refused or returned it, Unavailable when the session is lost.
        """
        try:
            with unless_away(_place(message)):
                await self._publisher.publish(message, can_wait=can_wait)
        except NotConfirmed:
            raise
        except Unavailable:
            self.lost.set()
            raise

    async def publish_patiently(self, message: Outgoing) -> None:
        """Publish, and try again for a while what the broker refuses: only the publish, not what led to it.

        Raises NotConfirmed when it was refused to the end, Unavailable when the session is lost.
        """
        for wait_s in (*_REFUSED_WAITS_S, None):
            try:
                await self.publish(message)
            except NotConfirmed as refused:
                if wait_s is None:
                    raise
                log.warning("publish refused", reason=str(refused), next_try_s=wait_s)
                await pause(wait_s, self.lost)
            else:
                return

    async def takes_publishes(self, until: asyncio.Event) -> bool:
        """Wait until the broker takes what this session publishes, `until` or its end; whether it does.

        A connection that is opened in an alarm hears of it only when it publishes: so it publishes to nobody, once.
        Messages that were taken before would be held for a while and returned, by session after session, until
        all of them were suspect.
        """
        if self._taking is None:
            self._taking = asyncio.create_task(self._publish_to_nobody(), name="publish to nobody")
        waiting = [asyncio.create_task(event.wait()) for event in (until, self.lost)]
        try:
            await asyncio.wait((self._taking, *waiting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waiting:
                wait.cancel()
        return self._taking.done() and not self.lost.is_set()

    async def _publish_to_nobody(self) -> None:
        try:
            with unless_away("publish to nobody"):
                # With the first RabbitMQ blocks the connection, and lets that one pass.
                await self._publisher.publish(_TO_NOBODY)
                await self._publisher.publish(_TO_NOBODY)
        except Unavailable as away:
            log.warning("broker away", reason=str(away))
            self.lost.set()

    async def ready(self) -> None:
        """Wait while the broker blocks publishers (a memory or disk alarm), for nothing could be settled.

        Raises Unavailable when that lasts too long for a message to be held, or the session is lost meanwhile.
        """
        connection = self.publishing.transport
        if connection is None or self.lost.is_set():
            raise Unavailable("the connection is closed")
        if not _ends_at_once(connection.connection.ready()):
            await self._unblocked(connection)

    async def _unblocked(self, connection: aio_pika.abc.UnderlayConnection) -> None:
        unblocked = asyncio.ensure_future(connection.ready())
        lost = asyncio.ensure_future(self.lost.wait())
        try:
            await asyncio.wait((unblocked, lost), timeout=HOLD_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
            if not unblocked.done():
                self.lost.set()
                raise Unavailable("the broker has blocked publishers (memory or disk alarm)")
        finally:
            unblocked.cancel()
            lost.cancel()

    def blocks_told(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Say while inside when the broker blocks this session, and since when."""
        connection = self.publishing.transport
        return blocks_told(connection, self.lost) if connection else contextlib.nullcontext()

    async def channel(self) -> aio_pika.abc.AbstractChannel:
        """Open a channel to take messages from.

        Raises Unavailable.
        """
        with unless_away("open a channel"):
            return await self.consuming.channel(publisher_confirms=False)


@contextlib.asynccontextmanager
async def open_session(url: str, role: str) -> AsyncIterator[Session]:
    """Connect, of a cluster to any node that answers, and close both connections at the end.

    Raises Unavailable when the broker cannot be reached.
    """
    read_leniently()
    receive_quickly()
    async with contextlib.AsyncExitStack() as stack:
        yield await _opened_anywhere(stack, url, role)


async def _opened_anywhere(stack: contextlib.AsyncExitStack, url: str, role: str) -> Session:
    """Try each address once. The order is random, so that a fleet spreads over the nodes."""
    addresses = addresses_of(url)
    refusals = []
    for address in sample(addresses, len(addresses)):
        async with contextlib.AsyncExitStack() as tried:
            try:
                session = await _opened(tried, address, role)
            except Unavailable as away:
                refusals.append(str(away))
            else:
                stack.push_async_exit(tried.pop_all())
                return session
    raise Unavailable("; ".join(refusals))


async def _opened(stack: contextlib.AsyncExitStack, url: str, role: str) -> Session:
    broker = redacted(url)
    lost = asyncio.Event()

    def lose(*_: Any) -> None:
        lost.set()

    with unless_away(f"RabbitMQ at {broker}"):
        publishing = await _connect(stack, url, f"mih {role} publishes", lose)
        consuming = await _connect(stack, url, f"mih {role} consumes", lose)
        channel = await publishing.channel(publisher_confirms=True, on_return_raises=True)
        channel.close_callbacks.add(lose)
        wire = cast("aiormq.Channel", await channel.get_underlay_channel())
        return Session(publishing, consuming, Publisher(wire, HOLD_LIMIT_S), lost, broker)


async def run_sessions(
    url: str, role: str, work: Callable[[Session], Coroutine[Any, Any, None]], *, stopping: asyncio.Event
) -> None:
    """Run `work` in one session after another until `stopping`; it returns when it stops or its session is lost."""
    session: Session | None = None

    async def one_session() -> None:
        nonlocal session
        async with open_session(url, role) as session:
            log.info("connected", broker=session.broker)
            async with session.blocks_told():
                await work(session)

    def grace_s() -> float:
        # While it still connects, nothing is in hand.
        return STOP_GRACE_S if session else 0

    with condition(lambda: "" if session and not session.lost.is_set() else "no connection to RabbitMQ"):
        losses = 0
        while not stopping.is_set():
            started, session = monotonic(), None
            try:
                await _within_grace(one_session(), stopping, grace_s)
            except Unavailable as away:
                log.warning("broker away", reason=str(away))
            if monotonic() - started > _GOOD_SESSION_S:
                losses = 0
            if not stopping.is_set():
                await pause(RECONNECT_WAITS_S[min(losses, len(RECONNECT_WAITS_S) - 1)], stopping)
                losses += 1


async def _within_grace(work: Coroutine[Any, Any, None], stopping: asyncio.Event, grace_s: Callable[[], float]) -> None:
    """Run the work; once the process stops, it has a grace to end what is in hand, and is then cancelled."""
    working = asyncio.create_task(work)
    told = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((working, told), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((working,), timeout=grace_s() if told.done() else 0)
    finally:
        told.cancel()
        working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def _connect(
    stack: contextlib.AsyncExitStack, url: str, name: str, lose: Callable[..., None]
) -> aio_pika.abc.AbstractConnection:
    # aio-pika reads the heartbeat and the name that the management UI shows from the address.
    address = URL(url).update_query(heartbeat=HEARTBEAT_S, name=name)
    connection = await aio_pika.connect(address, timeout=CONNECT_TIMEOUT_S)
    connection.close_callbacks.add(lose)
    stack.push_async_callback(_close, connection)
    return connection


async def _close(connection: aio_pika.abc.AbstractConnection) -> None:
    # A broker that is gone does not answer: closing is a courtesy with an end.
    closing = asyncio.ensure_future(connection.close())
    closing.add_done_callback(_heard)
    # wait_for would wait for the end of what it cancels, and the client's own writer never ends while nobody reads it.
    try:
        await asyncio.wait((closing,), timeout=_CLOSE_TIMEOUT_S)
    finally:
        closing.cancel()


def _heard(ended: asyncio.Future[None]) -> None:
    if not ended.cancelled():
        ended.exception()


def _ends_at_once(waiting: Coroutine[Any, Any, None]) -> bool:
    """Whether there is nothing to wait for: asked before each attempt, where a task would cost more than the answer."""
    try:
        waiting.send(None)
    except StopIteration:
        return True
    waiting.close()
    return False


def _place(message: Outgoing) -> str:
    return f"publish to {message.exchange or 'the default exchange'} with key {message.routing_key!r}"
