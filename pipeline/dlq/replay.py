"""Replay: one pass over a dead-letter queue, bounded by its depth at the start.

Each letter is taken from the head. A chosen one goes back to its service as it was sent, as a first attempt whose age
counts from now; any other goes to the tail of the same queue. The broker confirms where it went before it is
acknowledged where it was: interrupted at any line, every letter is in one of the two places, and at the worst one is in
both, where its delivery id makes the second one a repeat.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.broker import Incoming, Outgoing, Session, moved, open_getter
from pipeline.dead_letter import DeadLetter, read_dead_letter
from pipeline.delivery import CONTENT_TYPE
from pipeline.errors import Unreadable
from topology import names


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a pass did so far."""

    depth: int
    replayed: int = 0
    kept: int = 0


async def replay(
    session: Session,
    slug: str,
    *,
    chosen: Callable[[DeadLetter], bool],
    progress: Callable[[Replayed], None] = lambda _: None,
) -> Replayed:
    """Replay the chosen dead letters of a service.

    Raises Unavailable when there is no such queue, or the broker is lost on the way.
    """
    queue = names.dead_letter_queue(slug)
    async with open_getter(session) as getter:
        done = Replayed(await getter.depth(queue))
        for _ in range(done.depth):
            message = await getter.get(queue)
            if message is None:
                break
            again = _again(message, chosen)
            await session.publish(again or moved(message, "", queue))
            await getter.ack(message)
            done = Replayed(done.depth, done.replayed + (again is not None), done.kept + (again is None))
            progress(done)
    return done


def _again(message: Incoming, chosen: Callable[[DeadLetter], bool]) -> Outgoing | None:
    try:
        letter = read_dead_letter(message.body, message.headers)
    except Unreadable:
        return None
    delivery = letter.delivery
    # Without a request there is nothing to send again; only rendering it anew would help.
    if delivery.request is None or not chosen(letter):
        return None
    headers = {
        **delivery.headers(),
        names.HEADER_ATTEMPT: 1,
        names.HEADER_FIRST_SEEN: datetime.now(UTC).isoformat(),
    }
    return Outgoing(names.SERVICES, delivery.service, message.body, CONTENT_TYPE, headers)
