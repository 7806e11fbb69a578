"""Whether there is a queue of a name, and how much waits in it, asked without touching it."""

import contextlib

from aiormq.exceptions import ChannelNotFoundEntity

from pipeline.broker.away import unless_away
from pipeline.broker.session import Session
from pipeline.errors import Unavailable

#: Bytes of a name; AMQP has no room for a longer one.
_LONGEST = 255


async def queue_exists(session: Session, queue: str) -> bool:
    """Whether there is one.

    Raises Unavailable.
    """
    return await ready_in(session, queue) is not None


async def ready_in(session: Session, queue: str) -> int | None:
    """How many messages nobody has in hand, None without a queue; asked on a channel of its own: a refusal closes it.

    Raises Unavailable.
    """
    if len(queue.encode()) > _LONGEST:
        return None
    channel = await session.channel()
    try:
        with unless_away(queue):
            wire = await channel.get_underlay_channel()
            try:
                return (await wire.queue_declare(queue, passive=True)).message_count
            except ChannelNotFoundEntity:
                return None
    finally:
        with contextlib.suppress(Unavailable), unless_away("close"):
            await channel.close()
