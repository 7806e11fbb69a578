"""The pace of a walk: letters sent at even distances, so many per second."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic

from pipeline.pause import pause

#: Seconds for which a letter may be in hand until it is its turn.
_HELD_S = 60


@dataclass(slots=True, eq=False)
class Pace:
    """Gives turns, `per_second` of them."""

    per_second: float
    _next: float = field(default_factory=monotonic)

    @property
    def ahead(self) -> int:
        """Letters that may wait for their turn at once."""
        return max(1, int(self.per_second * _HELD_S))

    async def turn(self, until: asyncio.Event) -> bool:
        """Wait for the next turn; there is none once `until` is set."""
        now = monotonic()
        mine = max(self._next, now)
        self._next = mine + 1 / self.per_second
        if mine > now:
            await pause(mine - now, until)
        return not until.is_set()
