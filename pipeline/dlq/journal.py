"""A file of what leaves for good: each line is on the disk before its letter is acknowledged."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO


@dataclass(slots=True, eq=False)
class Journal:
    """An open file, for its owner only."""

    _file: BinaryIO
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _written: int = 0
    _synced: int = 0

    async def write(self, line: bytes) -> None:
        """Write a line, and return when the disk has it; one visit to the disk serves all who wait for it."""
        self._file.write(line)
        self._file.flush()
        self._written += 1
        mine = self._written
        async with self._lock:
            if self._synced < mine:
                upto = self._written
                await asyncio.to_thread(os.fsync, self._file.fileno())
                self._synced = upto


@contextmanager
def open_journal(path: Path) -> Iterator[Journal]:
    """Create a file that was not there before.

    Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600), "ab") as file:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        yield Journal(file)
