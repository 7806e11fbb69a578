"""A PostgreSQL of the world's own, that the hub reaches through a line, and that dies as after a cut of power."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from private_postgresql import PostgreSQL, free_port, installed_programs
from tcp_line import Line, line_to

from pipeline.errors import Unavailable

_ENDS_WITHIN_S = 30


@dataclass(frozen=True, slots=True)
class Database:
    """The server, and how the hub and the judge reach it."""

    server: PostgreSQL
    line: Line
    url: str

    @property
    def hub_url(self) -> str:
        return self.line.through(self.url)

    def kill(self) -> None:
        """End it and all its children without a word to anybody: it must recover when it starts."""
        assert self.server.process
        # PostgreSQL's "immediate shutdown"; KILL would leave children that hold its memory.
        self.server.process.send_signal(signal.SIGQUIT)
        self.server.process.wait(_ENDS_WITHIN_S)
        self.server.process = None


@asynccontextmanager
async def running_postgresql() -> AsyncIterator[Database]:
    """An empty database.

    Raises Unavailable where PostgreSQL is not installed.
    """
    if (programs := installed_programs()) is None:
        raise Unavailable("this scenario needs PostgreSQL installed on this machine")
    # Not in the world's folder: that is closed to the user as whom PostgreSQL runs.
    with tempfile.TemporaryDirectory(prefix="mih-postgresql-") as folder:
        server = PostgreSQL(programs, Path(folder), free_port())
        await asyncio.to_thread(server.create)
        await asyncio.to_thread(server.start)
        try:
            url = await asyncio.to_thread(server.new_database)
            async with line_to(url) as line:
                yield Database(server, line, url)
        finally:
            await asyncio.to_thread(server.stop)
