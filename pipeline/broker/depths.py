"""How much waits in many queues, asked on one channel without touching them."""

import contextlib
from collections.abc import Iterable

import aiormq.abc
from aiormq.exceptions import ChannelNotFoundEntity

from pipeline.broker.away import unless_away
from pipeline.broker.session import Session
from pipeline.errors import Unavailable
from topology.depth import Depth

#: Seconds for one answer.
_TIMEOUT_S = 10


async def depths(session: Session, queues: Iterable[str]) -> dict[str, Depth]:
    """Ask for each of these; one that does not exist is left out.

    Raises Unavailable.
    """
    left, found = list(queues), dict[str, Depth]()
    while left:
        channel = await session.channel()
        try:
            with unless_away("look at queues"):
                await _ask(await channel.get_underlay_channel(), left, found)
        finally:
            with contextlib.suppress(Unavailable), unless_away("close"):
                await channel.close()
    return found


async def _ask(wire: aiormq.abc.AbstractChannel, left: list[str], found: dict[str, Depth]) -> None:
    """Ask until the first that is missing, for the refusal closes the channel."""
    while left:
        queue = left.pop()
        try:
            declared = await wire.queue_declare(queue, passive=True, timeout=_TIMEOUT_S)
        except ChannelNotFoundEntity:
            return
        found[queue] = Depth(declared.message_count or 0, declared.consumer_count or 0)
