"""Listening in: a copy of what passes an exchange from now on, through a queue that dies with its connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any

import aiormq.abc
import structlog
from aiormq.abc import DeliveredMessage

from pipeline.broker.away import unless_away
from pipeline.broker.incoming import Incoming, read_incoming
from pipeline.broker.session import Session
from pipeline.errors import Unavailable
from pipeline.pause import pause

#: Messages that may wait for a listener who is slow; older ones are dropped, for they are copies.
LENGTH_LIMIT = 10_000
_MISSING_WAIT_S = 5

log = structlog.get_logger()


@contextlib.asynccontextmanager
async def tap(
    session: Session, exchange: str, heard: Callable[[Incoming], None], *, keys: Iterable[str] = ("#",)
) -> AsyncIterator[asyncio.Event]:
    """Hand what passes the exchange with these keys to `heard` while inside; an exchange that is missing is awaited.

    What is given is set while it listens.
    """
    is_open = asyncio.Event()
    task = asyncio.create_task(
        _keep_tapping(session, exchange, tuple(keys), heard, is_open), name=f"listen to {exchange}"
    )
    try:
        await pause(_MISSING_WAIT_S, is_open, session.lost)
        yield is_open
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_tapping(
    session: Session, exchange: str, keys: Iterable[str], heard: Callable[[Incoming], None], is_open: asyncio.Event
) -> None:
    while not session.lost.is_set():
        try:
            with unless_away("listen"):
                await _tap_once(session, exchange, keys, heard, is_open)
        except Unavailable as away:
            log.debug("not listening", exchange=exchange, reason=str(away))
        await pause(_MISSING_WAIT_S, session.lost)


async def _tap_once(
    session: Session, exchange: str, keys: Iterable[str], heard: Callable[[Incoming], None], is_open: asyncio.Event
) -> None:
    channel = await session.channel()
    try:
        await _hear(await channel.get_underlay_channel(), exchange, keys, heard)
        is_open.set()
        await channel.closed()
    finally:
        is_open.clear()
        # With the channel its consumer goes, and with that the queue.
        with contextlib.suppress(Unavailable), unless_away("close"):
            await channel.close()


async def _hear(
    wire: aiormq.abc.AbstractChannel, exchange: str, keys: Iterable[str], heard: Callable[[Incoming], None]
) -> None:
    # An exchange that is missing must not leave a queue behind at each look: it would live as long as the connection.
    await wire.exchange_declare(exchange, passive=True)
    declared = await wire.queue_declare(
        exclusive=True, auto_delete=True, arguments={"x-max-length": LENGTH_LIMIT, "x-queue-type": "classic"}
    )
    for key in keys:
        await wire.queue_bind(declared.queue or "", exchange, routing_key=key)
    await wire.basic_consume(declared.queue or "", _reader(heard), no_ack=True)


def _reader(heard: Callable[[Incoming], None]) -> Callable[[DeliveredMessage], Coroutine[Any, Any, None]]:
    async def read(message: DeliveredMessage) -> None:
        heard(read_incoming(message))

    return read
