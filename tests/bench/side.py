"""A side of the comparison: processes that bring what is published to the destination."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from numbered_events import Writer, event
from processes import with_offspring
from publisher import Publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Fed through the broker."""

    name: str
    #: The processes that somebody started; they may have started others.
    started: Sequence[int]
    publisher: Publisher
    write: Writer = event

    def pids(self) -> list[int]:
        """All processes of this side."""
        return with_offspring(self.started)

    def freeze(self) -> None:
        """Let them stand still, warm as they are, while a backlog is made."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    async def load(self, count: int) -> None:
        """Make the backlog."""
        await self.publisher.backlog(self.write, range(count))

    def _signal(self, how: signal.Signals) -> None:
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, how)


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct(Side):
    """Fed by a line on its stdin: there is no broker."""

    process: asyncio.subprocess.Process

    async def load(self, count: int) -> None:
        """Tell it, who hears it when it thaws."""
        assert self.process.stdin
        self.process.stdin.write(f"{count}\n".encode())
        await self.process.stdin.drain()
