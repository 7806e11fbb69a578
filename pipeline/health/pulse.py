"""The pulse of the event loop: a task beats each second, a thread counts for how many seconds it has not.

Seconds are counted, not measured: a process that was stopped and goes on (SIGSTOP, a frozen container) had no second in
which it could have beaten.
"""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

#: Seconds between beats, and between looks.
EVERY_S = 1.0
#: Seconds without a beat from which the loop counts as blocked.
BLOCKED_AFTER_S = 10


@dataclass(slots=True, eq=False)
class Pulse:
    """The beats so far, and what the thread saw of them."""

    beats: int = 0
    #: How much later than asked for the last beat came.
    lag_s: float = 0.0
    silent_s: int = 0
    _seen: int = 0

    async def beat(self) -> None:
        """Beat once, in a second."""
        asked = monotonic()
        await asyncio.sleep(EVERY_S)
        self.lag_s = max(0.0, monotonic() - asked - EVERY_S)
        self.beats += 1

    def looks(self, over: threading.Event) -> Iterator[int]:
        """Look each second, in a thread, until `over`; gives for how many there was no beat."""
        while not over.wait(EVERY_S):
            self.silent_s = self.silent_s + 1 if self.beats == self._seen else 0
            self._seen = self.beats
            yield self.silent_s

    @property
    def is_blocked(self) -> bool:
        """Whether the loop has done nothing for so long that something must be wrong."""
        return self.silent_s >= BLOCKED_AFTER_S
