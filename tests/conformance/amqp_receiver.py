"""A real broker behind a proxy that reads along and misbehaves on demand.

What is well-behaved is the broker's own answer: for a refusal the proxy sends a message to where the broker refuses
it. What no broker does (cuts, drips, nonsense) the proxy does itself, in place of an answer.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from urllib.parse import SplitResult, urlsplit

from counterpart import Arrived, Play
from pamqp import body, commands, frame, header
from pamqp.base import Frame

_FRAME_HEADER, _GREETING = 7, 8
#: One confirm on the wire.
_CONFIRM = frame.marshal(commands.Basic.Ack(delivery_tag=1), 1)
#: By answer: where a message is sent for the broker to answer so; the queue and exchanges are the counterpart's.
REDIRECTED: Mapping[str, tuple[str | None, str | None]] = {
    "returned": (None, "nowhere"),
    "nack": (None, "full"),
    "no exchange": ("missing", None),
    "no access": ("internal", None),
}


@dataclass(frozen=True, slots=True)
class AmqpArrived(Arrived):
    """A message, with what only AMQP has."""

    publish: commands.Basic.Publish
    properties: commands.Basic.Properties


@dataclass(eq=False)
class AmqpReceiver:
    """What arrived, and how it is answered."""

    play: Play
    broker: SplitResult
    answer: str = "confirmed"
    #: Overrides the play: what answers a message.
    respond: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None
    port: int = 0
    arrived: list[AmqpArrived] = field(default_factory=list)
    held: int = 0
    most_at_once: int = 0
    connections: set["_Connection"] = field(default_factory=set)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def let_go(self) -> None:
        """Answer one of the messages that are held."""
        self._turns.release()

    async def turn(self) -> None:
        """Wait, while it holds, until it is told to let one go."""
        if self.play is Play.HOLDS:
            await self._turns.acquire()

    def say(self, said: Frame) -> None:
        """Say this to everyone who is connected."""
        for connection in self.connections:
            connection.writer.write(frame.marshal(said, 0))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Stand between a client and the broker until either hangs up."""
        if self.play is Play.CUTS_BEFORE_READING:
            return writer.transport.abort()
        connection = _Connection(self, writer)
        self.connections.add(connection)
        try:
            await connection.stand_between(reader)
        finally:
            self.connections.discard(connection)
            self.held -= len(connection.unanswered)
            writer.transport.abort()


@asynccontextmanager
async def running(play: Play, broker: str, tls: SSLContext | None = None) -> AsyncIterator[AmqpReceiver]:
    """A receiver on a free port of 127.0.0.1, in front of this broker."""
    receiver = AmqpReceiver(play, urlsplit(broker))
    serving: set[asyncio.Task[None]] = set()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(task := asyncio.ensure_future(receiver.serve(reader, writer)))
        task.add_done_callback(serving.discard)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = listening.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        listening.close()
        for task in list(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


@dataclass(eq=False)
class _Connection:
    """One client's connection, and the proxy's own to the broker."""

    receiver: AmqpReceiver
    writer: asyncio.StreamWriter
    #: Numbers of the messages that have no answer yet, as the confirms count them.
    unanswered: set[int] = field(default_factory=set)
    published: int = 0
    credentials: Mapping[str, str] = field(default_factory=dict)
    #: The frames of the message that is coming in.
    parts: list[tuple[int, object]] = field(default_factory=list)

    async def stand_between(self, reader: asyncio.StreamReader) -> None:
        there, broker = await asyncio.open_connection(self.receiver.broker.hostname, self.receiver.broker.port)
        ways = [asyncio.create_task(self._outwards(reader, broker)), asyncio.create_task(self._back(there))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            broker.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _outwards(self, reader: asyncio.StreamReader, broker: asyncio.StreamWriter) -> None:
        broker.write(await reader.readexactly(_GREETING))
        async for channel, read, raw in _frames(reader):
            if isinstance(read, commands.Connection.StartOk):
                broker.write(frame.marshal(self._logged_in(read), channel))
            elif isinstance(read, commands.Basic.Publish | header.ContentHeader | body.ContentBody):
                self.parts.append((channel, read))
                if self._is_whole():
                    await self._take(broker)
            else:
                broker.write(raw)
            await broker.drain()

    async def _back(self, there: asyncio.StreamReader) -> None:
        async for channel, read, raw in _frames(there):
            if isinstance(read, commands.Basic.Ack | commands.Basic.Nack):
                await self._confirm(channel, read)
            else:
                self.writer.write(raw)
            await self.writer.drain()

    def _logged_in(self, start: commands.Connection.StartOk) -> commands.Connection.StartOk:
        """Note who the client says it is, and be to the broker whom it knows."""
        _, user, password = str(start.response).split("\x00")
        self.credentials = {"user": user, "password": password}
        ours = self.receiver.broker
        right = "wrong" if self.receiver.answer == "no login" else ours.password
        return commands.Connection.StartOk(start.client_properties, "PLAIN", f"\x00{ours.username}\x00{right}", "en_US")

    def _is_whole(self) -> bool:
        parts = [part for _, part in self.parts]
        size = sum(len(part.value) for part in parts if isinstance(part, body.ContentBody))
        return len(parts) > 1 and isinstance(parts[1], header.ContentHeader) and size == parts[1].body_size

    async def _take(self, broker: asyncio.StreamWriter) -> None:
        """Remember a message, and pass it on unless the play is another."""
        channel, parts = self.parts[0][0], [part for _, part in self.parts]
        self.parts = []
        self.receiver.arrived.append(self._arrived(parts))
        self.published += 1
        self.unanswered.add(self.published)
        self.receiver.held += 1
        self.receiver.most_at_once = max(self.receiver.most_at_once, self.receiver.held)
        if play := self.receiver.respond or _PLAYS.get(self.receiver.play):
            return await play(self.writer)
        exchange, key = REDIRECTED.get(self.receiver.answer, (None, None))
        publish = parts[0]
        assert isinstance(publish, commands.Basic.Publish)
        publish.exchange = publish.exchange if exchange is None else exchange
        publish.routing_key = publish.routing_key if key is None else key
        for part in parts:
            broker.write(frame.marshal(part, channel))  # type: ignore[arg-type]  # they are what was unmarshalled
        return None

    def _arrived(self, parts: list[object]) -> AmqpArrived:
        publish, head = parts[0], parts[1]
        assert isinstance(publish, commands.Basic.Publish)
        assert isinstance(head, header.ContentHeader)
        return AmqpArrived(
            delivery_id=head.properties.message_id,
            body=b"".join(part.value for part in parts[2:] if isinstance(part, body.ContentBody)),
            content_type=head.properties.content_type,
            credentials=self.credentials,
            connection=self.writer.get_extra_info("peername"),
            publish=commands.Basic.Publish(0, publish.exchange, publish.routing_key, publish.mandatory),
            properties=head.properties,
        )

    async def _confirm(self, channel: int, said: commands.Basic.Ack | commands.Basic.Nack) -> None:
        """Pass a confirm on, those of several messages one by one."""
        tag = said.delivery_tag or 0
        for one in sorted(number for number in self.unanswered if number <= tag) if said.multiple else (tag,):
            await self.receiver.turn()
            self.unanswered.discard(one)
            self.receiver.held -= 1
            self.writer.write(frame.marshal(type(said)(delivery_tag=one), channel))


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[tuple[int, object, bytes]]:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readexactly(_FRAME_HEADER)
            if head.startswith(b"AMQP"):  # what a broker says to who does not speak AMQP
                yield 0, None, head + await reader.readexactly(_GREETING - _FRAME_HEADER)
                continue
            raw = head + await reader.readexactly(int.from_bytes(head[3:]) + 1)
            _, channel, read = frame.unmarshal(raw)
            yield channel, read, raw


async def _never_answer(_: asyncio.StreamWriter) -> None:
    """Nothing."""


async def _cut_after_reading(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _cut_in_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(_CONFIRM[:4])
    writer.close()


async def _cut_in_body(writer: asyncio.StreamWriter) -> None:
    writer.write(_CONFIRM[:12])
    writer.close()


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(struct.pack(">BHI", 1, 1, 60_000))
    while not writer.is_closing():
        writer.write(b"\x00")
        await asyncio.sleep(0.02)


async def _never_end(writer: asyncio.StreamWriter) -> None:
    writer.write(_CONFIRM + struct.pack(">BHI", 3, 1, 2**31))
    await pour(writer, b"\x00" * 0x2000)


async def pour(writer: asyncio.StreamWriter, what: bytes) -> int:
    """Write this again and again until the other side is gone; how many bytes it were."""
    poured = 0
    with contextlib.suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(what)
            poured += len(what)
            await writer.drain()
            await asyncio.sleep(0.001)
    return poured


async def _talk_nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


_PLAYS: Mapping[Play, Callable[[asyncio.StreamWriter], Awaitable[None]]] = {
    Play.NEVER_ANSWERS: _never_answer,
    Play.DRIPS: _drip,
    Play.NEVER_ENDS: _never_end,
    Play.CUTS_AFTER_READING: _cut_after_reading,
    Play.RESETS: _reset,
    Play.CUTS_IN_HEADERS: _cut_in_headers,
    Play.CUTS_IN_BODY: _cut_in_body,
    Play.TALKS_NONSENSE: _talk_nonsense,
}
