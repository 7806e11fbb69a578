"""`mih.control`: the word that there is a new revision or intervention; a hint only, for every process also polls."""

import asyncio
import contextlib

from pipeline.broker.outgoing import Outgoing
from pipeline.broker.session import Session
from pipeline.broker.tap import tap
from topology import names


async def announce(session: Session, word: str) -> None:
    """Tell every running process that there is something new; the word is for people who listen in."""
    await session.publish(Outgoing(names.CONTROL, "", word.encode(), mandatory=False))


def listen(session: Session, nudge: asyncio.Event) -> contextlib.AbstractAsyncContextManager[asyncio.Event]:
    """Set `nudge` at each word while inside."""
    return tap(session, names.CONTROL, lambda _: nudge.set())
