"""A lease on a queue: one at a time passes over it, in the whole fleet.

It is an exclusive queue on the broker, so it needs nobody who remembers it: it dies with its connection, however that
ends.
"""

import contextlib
from collections.abc import AsyncIterator

from aiormq.exceptions import ChannelLockedResource

from pipeline.broker.away import unless_away
from pipeline.broker.session import Session
from pipeline.errors import Unavailable
from topology import names


@contextlib.asynccontextmanager
async def lease(session: Session, queue: str) -> AsyncIterator[None]:
    """Hold the lease on a queue while inside.

    Raises Unavailable while another connection holds it.
    """
    channel = await session.channel()
    try:
        with unless_away(f"the lease on {queue}"):
            wire = await channel.get_underlay_channel()
            try:
                await wire.queue_declare(names.lease_queue(queue), exclusive=True)
            except ChannelLockedResource:
                raise Unavailable(f"{queue}: another replay or discard is at work on it") from None
        yield
        with contextlib.suppress(Unavailable), unless_away("end of a lease"):
            await wire.queue_delete(names.lease_queue(queue))
    finally:
        with contextlib.suppress(Unavailable), unless_away("close"):
            await channel.close()
