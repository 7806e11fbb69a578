"""Whether there is a queue of a name, asked without touching it."""

import contextlib

from aiormq.exceptions import ChannelNotFoundEntity

from pipeline.broker.away import unless_away
from pipeline.broker.session import Session
from pipeline.errors import Unavailable


async def queue_exists(session: Session, queue: str) -> bool:
    """Ask on a channel of its own, for a refusal closes it.

    Raises Unavailable.
    """
    channel = await session.channel()
    try:
        with unless_away(queue):
            wire = await channel.get_underlay_channel()
            try:
                await wire.queue_declare(queue, passive=True)
            except ChannelNotFoundEntity:
                return False
            return True
    finally:
        with contextlib.suppress(Unavailable), unless_away("close"):
            await channel.close()
