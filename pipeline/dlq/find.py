"""Find: a look for one dead letter that takes nothing away.

What is looked at stays in hand, unacknowledged, until the look at its queue ends, and returns to the queue when the
channel closes. Bounded by the depth that the queue has at the start; what another look or a replay has in hand just
then is not seen.
"""

from collections.abc import Iterable

from pipeline.broker import Getter, Session, open_getter
from pipeline.dead_letter import DeadLetter, read_dead_letter
from pipeline.errors import Unreadable
from topology import names


async def find(session: Session, slugs: Iterable[str], wanted: str) -> DeadLetter | None:
    """The first dead letter of these services whose delivery or event has this id.

    Raises Unavailable when a queue is not there, or the broker is lost on the way.
    """
    for slug in slugs:
        async with open_getter(session) as getter:
            if letter := await _look(getter, names.dead_letter_queue(slug), wanted):
                return letter
    return None


async def _look(getter: Getter, queue: str, wanted: str) -> DeadLetter | None:
    for _ in range(await getter.depth(queue)):
        message = await getter.get(queue)
        if message is None:
            return None
        # By the headers, for reading every body would take longer than the look.
        if wanted in (message.ids.get("delivery_id"), message.ids.get("event_id")):
            try:
                return read_dead_letter(message.body, message.headers)
            except Unreadable:
                continue
    return None
