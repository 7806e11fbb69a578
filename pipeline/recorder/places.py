"""Whether letters can rest at a place: asked of RabbitMQ, and remembered for a few seconds."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic

from pipeline.broker import Session, queue_exists
from topology import names

#: Seconds for which an answer is good: a queue that is made or deleted is noticed so much later.
REMEMBERED_S = 5.0
#: Answers that are remembered: places are routing keys, and anybody may think one up.
_MOST = 1_000


@dataclass(slots=True, eq=False)
class Places:
    """The places of dead letters at one broker; those who ask at once share one question."""

    session: Session
    _asked: dict[str, tuple[float, asyncio.Task[bool]]] = field(default_factory=dict)

    async def exists(self, place: str) -> bool:
        """Whether its queue is there.

        Raises Unavailable.
        """
        asked_at, answer = self._asked.get(place, (0.0, None))
        if answer is None or monotonic() - asked_at > REMEMBERED_S:
            if len(self._asked) >= _MOST:
                self._asked.clear()
            answer = asyncio.create_task(queue_exists(self.session, names.dead_letters_at(place)))
            self._asked[place] = monotonic(), answer
        return await asyncio.shield(answer)
