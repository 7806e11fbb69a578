"""Going now, or in a moment along with others: what may wait is not worth a way of its own."""

import asyncio
from collections.abc import Callable


class Departure:
    """When something goes; `go` must neither wait nor raise."""

    __slots__ = ("_go", "_timer")

    def __init__(self, go: Callable[[], object]) -> None:
        self._go = go
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> None:
        """Go, and take along whatever waits."""
        self.cancel()
        self._go()

    def within(self, seconds: float) -> None:
        """Go after so many seconds, or with what waits already."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.now)

    def cancel(self) -> None:
        """Do not go after all."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
