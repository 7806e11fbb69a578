"""A line between a role and what it stands on: it can be cut, can swallow what is sent, and can be slow."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_CHUNK = 65_536


@dataclass(eq=False)
class Line:
    """Passes on whatever comes, both ways, until told otherwise."""

    #: The first of them that takes a connection has it: with several, the line stands in front of a cluster.
    places: Sequence[tuple[str, int]]
    #: Seconds that each piece takes from end to end.
    latency_s: float = 0.0
    #: Half-open: everything is taken, nothing comes out, and nobody is told. What was open then stays dead.
    swallows: bool = False
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _dead: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    def through(self, url: str) -> str:
        """The address with this line in between."""
        assert self._server
        user, at, _ = urlsplit(url).netloc.rpartition("@")
        return urlsplit(url)._replace(netloc=f"{user}{at}127.0.0.1:{self._server.sockets[0].getsockname()[1]}").geturl()

    def cut(self) -> None:
        """Reset every connection; new ones are let through."""
        for writer in list(self._open):
            writer.transport.abort()

    def swallow(self) -> None:
        """Let every connection of now, and every new one until `heal`, be silent for ever."""
        self.swallows = True
        self._dead |= self._open

    def heal(self) -> None:
        self.swallows = False

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            far_reader, far_writer = await self._far_end()
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._open |= both
        if self.swallows:
            self._dead |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, far_writer))
                group.create_task(self._pass(far_reader, writer))
        finally:
            for one in both:
                one.transport.abort()
            self._open -= both
            self._dead -= both
            self._tasks.discard(task)

    async def _far_end(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        *others, last = self.places
        for place in others:
            with suppress(OSError):
                return await asyncio.open_connection(*place)
        return await asyncio.open_connection(*last)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes; pieces are on their way side by side, so that latency costs no throughput."""
        now = asyncio.get_running_loop().time
        way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                at, piece = await way.get()
                await asyncio.sleep(at - now())
                if not piece:
                    writer.transport.abort()
                    return
                if writer not in self._dead:
                    writer.write(piece)
                    await writer.drain()

        arriving = asyncio.create_task(arrive())
        try:
            with suppress(OSError):
                while piece := await reader.read(_CHUNK):
                    way.put_nowait((now() + self.latency_s, piece))
            way.put_nowait((now() + self.latency_s, b""))
            with suppress(OSError):
                await arriving
        finally:
            arriving.cancel()


@asynccontextmanager
async def line_to(*urls: str, at: tuple[str, int] = ("127.0.0.1", 0)) -> AsyncIterator[Line]:
    """A line on a free port, or at a certain one, to where addresses lead; cut at the end."""
    line = Line([(parts.hostname or "", parts.port or 0) for parts in map(urlsplit, urls)])
    line._server = await asyncio.start_server(line._connected, *at)  # noqa: SLF001 - its own maker
    try:
        yield line
    finally:
        line._server.close()  # noqa: SLF001 - likewise
        line.cut()
        for task in list(line._tasks):  # noqa: SLF001 - likewise
            task.cancel()
        await asyncio.gather(*line._tasks, return_exceptions=True)  # noqa: SLF001 - likewise
