"""The connection to one broker: opened when it is needed, kept while it answers.

A publish that got no word (a timeout, a cancellation, an error) retires its connection: nothing more is begun on it,
and it is closed when those that are under way on it have ended. A broker that blocks publishers is waited for on the
same connection, for a new one would not be told before it had published.
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from weakref import WeakValueDictionary

import aiormq
from aiormq import spec
from aiormq.abc import AbstractChannel
from aiormq.exceptions import ConnectionClosed, DeliveryError
from pamqp.frame import marshal
from yarl import URL

from pipeline.attempt.amqp_address import AmqpAddress
from pipeline.attempt.amqp_message import AmqpMessage
from pipeline.attempt.amqp_socket import SMALL_TALK, Socket, dialled
from pipeline.attempt.guard import Guard

#: Seconds: half of what a dead peer takes to be noticed.
_HEARTBEAT_S = 15
#: Closing is a courtesy with an end.
_GOODBYE_S = 1
_NAMED = {"product": "mih", "version": version("mih"), "connection_name": "mih"}


class Blocked(Exception):
    """The broker has said that it takes no message now."""


class Closed(Exception):
    """The link was closed by whoever opened it."""


class AmqpLink:
    """Publishes to one virtual host of one broker."""

    def __init__(self, address: AmqpAddress, guard: Guard, context: ssl.SSLContext | None) -> None:
        self._address = address
        self._guard = guard
        self._context = context
        self._opening = asyncio.Lock()
        #: Of who opens the connection; without end, unless the link is closed meanwhile.
        self._patience: asyncio.Timeout | None = None
        self._line: _Line | None = None
        #: With those that are retired and have publishes under way.
        self._lines: set[_Line] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        #: By a message's id, by which the library tells whose publish was returned: of one id, one at a time.
        self._turns: WeakValueDictionary[str | None, asyncio.Lock] = WeakValueDictionary()
        self._is_closed = False

    async def publish(self, message: AmqpMessage, exchange: str) -> None:
        """Return when the broker has confirmed it.

        Raises Blocked, Closed, DestinationRefused, DeliveryError, and whatever a connection fails with.
        """
        async with self._turns.setdefault(message.properties.message_id, asyncio.Lock()):
            await self._publish(message, exchange)

    @property
    def is_blocked(self) -> bool:
        """Whether the broker has blocked publishers (a memory or disk alarm)."""
        return self._line is not None and self._line.is_blocked

    async def close(self) -> None:
        """Close every connection; what is in flight ends."""
        self._is_closed = True
        if self._patience:
            with contextlib.suppress(RuntimeError):  # nobody is opening it any more
                self._patience.reschedule(0)
        await asyncio.gather(*(line.close() for line in self._lines), *self._leaving)

    async def _publish(self, message: AmqpMessage, exchange: str) -> None:
        line = await self._usable()
        if line.is_blocked:
            raise Blocked
        # One that is returned comes back whole, with its headers and the broker's own words.
        room = len(message.body) + 2 * SMALL_TALK
        line.allow(room)
        try:
            await line.publish(message, exchange)
        except DeliveryError:
            raise
        except BaseException:
            line.is_retired = line.is_retired or not line.is_blocked
            raise
        finally:
            line.under_way -= room
            self._leave_if_done(line)

    async def _usable(self) -> "_Line":
        async with self._opening:
            if self._is_closed:
                raise Closed
            if self._line and self._line.is_usable:
                return self._line
            if self._line:
                self._leave_if_done(self._line)
            try:
                async with asyncio.timeout(None) as self._patience:
                    self._line = line = await _opened(self._address, self._guard, self._context)
            except TimeoutError:
                if self._is_closed:
                    raise Closed from None
                raise
            self._lines.add(line)
            if self._is_closed:
                await line.close()
                raise Closed
            return line

    def _leave_if_done(self, line: "_Line") -> None:
        if line.is_usable or line.under_way or line not in self._lines or self._is_closed:
            return
        self._lines.discard(line)
        leaving = asyncio.create_task(line.close())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


@dataclass(slots=True, eq=False)
class _Line:
    """A connection with its one channel; the end of either is the end of both."""

    socket: Socket
    connection: aiormq.abc.AbstractConnection
    channel: AbstractChannel
    #: Bytes with which what is under way may be answered; 0 is nothing under way.
    under_way: int = 0
    is_retired: bool = False

    @property
    def is_usable(self) -> bool:
        return not self.is_retired and self.connection.is_opened and not self.channel.is_closed

    @property
    def is_blocked(self) -> bool:
        # The client library only lets one wait; what does not return at once would wait.
        ready = self.connection.ready()
        try:
            ready.send(None)
        except StopIteration:
            return False
        ready.close()
        return self.connection.is_opened

    def allow(self, room: int) -> None:
        self.under_way += room
        self.socket.reader.allowed = SMALL_TALK + self.under_way

    async def publish(self, message: AmqpMessage, exchange: str) -> None:
        await self.channel.basic_publish(
            message.body,
            exchange=exchange,
            routing_key=message.routing_key,
            properties=message.properties,
            mandatory=True,
        )

    async def close(self) -> None:
        try:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self.connection.close(), _GOODBYE_S)
        finally:
            self.socket.abort()


async def _opened(address: AmqpAddress, guard: Guard, context: ssl.SSLContext | None) -> _Line:
    socket = await dialled(address, guard, context)
    # The library connects nowhere: where to is decided, and the name that stands here is nobody's.
    url = URL.build(
        scheme="amqp",
        host="broker",
        user=address.username,
        password=address.password.get_secret_value(),
        query={"heartbeat": _HEARTBEAT_S},
    )
    connection = _Connection(url, transport_factory=socket, client_properties=dict(_NAMED))
    connection.vhost = address.vhost
    try:
        await connection.connect()
        return _Line(socket, connection, await connection.channel(publisher_confirms=True, on_return_raises=True))
    except BaseException:
        socket.abort()
        raise


class _Connection(aiormq.Connection):
    """One that tells why a virtual host was refused, where the library tells of an unexpected frame only."""

    @staticmethod
    async def _rpc(request: Any, writer: asyncio.StreamWriter, frame_receiver: Any, wait_response: bool = True) -> Any:  # noqa: FBT001, FBT002 - the library's signature
        if not isinstance(request, spec.Connection.Open):
            return await aiormq.Connection._rpc(request, writer, frame_receiver, wait_response)  # noqa: SLF001 - our base's
        writer.write(marshal(request, 0))
        _, _, frame = await frame_receiver.get_frame()
        if isinstance(frame, spec.Connection.Close):
            raise ConnectionClosed(frame.reply_code, frame.reply_text)
        return frame
