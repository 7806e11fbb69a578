"""`mih.control`: the word that the registry has a new revision; a hint only, for every process also polls."""

import asyncio
import contextlib

from pipeline.broker.outgoing import Outgoing
from pipeline.broker.session import Session
from pipeline.broker.tap import tap
from topology import names


async def announce(session: Session, revision: int) -> None:
    """Tell every running process that the registry is at this revision."""
    await session.publish(Outgoing(names.CONTROL, "", str(revision).encode(), mandatory=False))


def listen(session: Session, nudge: asyncio.Event) -> contextlib.AbstractAsyncContextManager[None]:
    """Set `nudge` at each word while inside."""
    return tap(session, names.CONTROL, lambda _: nudge.set())
