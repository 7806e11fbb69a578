"""The broker room at work on a real RabbitMQ: queues filled, drained and watched, and a wire that can be cut."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiormq
from queues import WITHIN_S, Queues, nothing_unheard, without_ladder

from pipeline.broker import Incoming, Outgoing, Session, Take, consume, open_session
from topology.declare import declare
from topology.entities import topology_of

#: The connections of a session, in the order in which it opens them.
PUBLISHING, CONSUMING = 0, 1


async def eventually(condition: Callable[[], bool], what: str, within_s: float = WITHIN_S) -> None:
    """Await a condition, looking often."""
    try:
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - some of what is awaited happens in other processes
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited {within_s} s in vain until {what}") from None


@dataclass
class World(Queues):
    """A session on a declared topology without the delay ladder, with the services erp and lms."""

    url: str

    async def publish(self, queue: str, *bodies: str, **properties: Any) -> None:
        for body in bodies:
            await self.session.publish(Outgoing("", queue, body.encode(), **properties))

    async def bodies(self, queue: str, count: int) -> list[str]:
        return [message.body.decode() for message in await self.drained(queue, count)]

    async def find(self, wanted: set[str], *queues: str) -> Counter[str]:
        """Empty the queues until all that is wanted was found in one of them: nothing is lost."""
        found: Counter[str] = Counter()
        for _ in range(WITHIN_S * 10):
            found.update([message.body.decode() for queue in queues for message in await self.ready(queue)])
            if wanted <= found.keys():
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(f"lost: {wanted - found.keys()}")


@asynccontextmanager
async def a_world(amqp_url: str) -> AsyncIterator[World]:
    await asyncio.to_thread(declare, amqp_url, without_ladder(topology_of(["erp", "lms"])))
    async with nothing_unheard(), open_session(amqp_url, "test") as session:
        yield World(session, amqp_url)


@dataclass
class Taker:
    """Takes messages and remembers them."""

    taken: list[Incoming] = field(default_factory=list)
    #: Awaited in each take; what it raises, the take raises.
    doing: Callable[[Incoming], Any] | None = None

    async def take(self, message: Incoming) -> None:
        self.taken.append(message)
        if self.doing:
            await self.doing(message)

    @property
    def bodies(self) -> list[str]:
        return [message.body.decode() for message in self.taken]


@asynccontextmanager
async def consuming(
    session: Session, queue: str, take: Take, *, stage: str = "ingest", prefetch: int = 50
) -> AsyncIterator[asyncio.Event]:
    """Consume while inside, unless the event is set before; what consuming raises is raised at the end."""
    until = asyncio.Event()
    task = asyncio.create_task(consume(session, queue, take, stage=stage, prefetch=prefetch, until=until))
    try:
        yield until
    finally:
        until.set()
        async with asyncio.timeout(WITHIN_S):
            await task


def channels_of(connection: Any) -> list[aiormq.Channel]:
    """The client library's channels that are open on a connection."""
    return list(connection.transport.connection.channels.values())


@dataclass(eq=False)
class Wire:
    """A stretch of wire to the broker, that can be cut or go silent."""

    url: str
    passing: asyncio.Event
    pairs: list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = field(default_factory=list)
    #: Where it is not, whoever comes is sent away.
    is_open: bool = True

    def hang_up(self) -> None:
        """End all connections in order, as the system does for a broker that is killed."""
        for ours, _ in self.pairs:
            ours.close()

    def cut(self, *connections: int) -> None:
        """Reset connections, by the order in which they came; all of them where none is named."""
        for number in connections or range(len(self.pairs)):
            for writer in self.pairs[number]:
                writer.transport.abort()


@asynccontextmanager
async def a_wire_to(amqp_url: str) -> AsyncIterator[Wire]:
    broker = urlsplit(amqp_url)
    passing = asyncio.Event()
    passing.set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                await passing.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward = await asyncio.open_connection(broker.hostname, broker.port)
        wire.pairs.append((writer, onward[1]))
        if not wire.is_open:
            wire.cut(-1)
        await asyncio.gather(pump(reader, onward[1]), pump(onward[0], writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    user = broker.netloc.rpartition("@")[0]
    wire = Wire(broker._replace(netloc=f"{user}@127.0.0.1:{port}").geturl(), passing)
    try:
        yield wire
    finally:
        passing.set()
        wire.cut()
        server.close()
        await server.wait_closed()
