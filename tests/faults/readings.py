"""What each process of a hub holds in memory and descriptors, read again and again; Linux only."""

import asyncio
import resource
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from flatness import Reading

_PAGE_MB = resource.getpagesize() / 2**20


@dataclass
class Readings:
    """By role and process id; a role that was started anew begins a new line."""

    of: dict[tuple[str, int], list[Reading]] = field(default_factory=dict)

    async def go_on(self, processes: Mapping[str, Process], every_s: float) -> None:
        """Read all of them, for ever."""
        started = monotonic()
        while True:
            for role, process in list(processes.items()):
                # One that has just ended has no memory and no descriptors to be read.
                with suppress(OSError):
                    if reading := _read(process.pid, monotonic() - started):
                        self.of.setdefault((role, process.pid), []).append(reading)
            await asyncio.sleep(every_s)

    def rows(self) -> list[dict[str, Any]]:
        """Every reading, for a program."""
        return [
            {"role": role, "pid": pid, "s": round(one.at_s), "MB": round(one.megabytes, 1), "files": one.descriptors}
            for (role, pid), readings in self.of.items()
            for one in readings
        ]


def _read(pid: int, at_s: float) -> Reading | None:
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    open_ = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return Reading(at_s, resident * _PAGE_MB, open_) if resident else None
