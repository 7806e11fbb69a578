"""A file of what leaves for good: each line is on the disk before its letter is acknowledged."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from pipeline.errors import Unavailable


@dataclass(slots=True, eq=False)
class Journal:
    """An open file, for its owner only."""

    path: Path
    #: Without a buffer, so that nothing is left to be written when it closes.
    _file: FileIO
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _written: int = 0
    _synced: int = 0

    async def write(self, line: bytes) -> None:
        """Write a line, and return when the disk has it; one visit to the disk serves all who wait for it.

        Raises Unavailable when the disk does not take it.
        """
        try:
            if self._file.write(line) < len(line):
                raise Unavailable(f"{self.path}: the disk is full")
            self._written += 1
            await self._sync(self._written)
        except OSError as failed:
            raise Unavailable(f"{self.path}: {failed.strerror}") from None

    async def _sync(self, mine: int) -> None:
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
    with FileIO(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600), "ab") as file:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        yield Journal(path, file)
