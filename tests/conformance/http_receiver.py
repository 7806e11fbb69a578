"""A real HTTP server that misbehaves on demand: it reads like any other, and answers as its play says.

What is well-behaved is aiohttp's own answer; what is not goes to the socket by hand.
"""

import asyncio
import itertools
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext

from aiohttp import web
from counterpart import Arrived, Play
from multidict import CIMultiDict, CIMultiDictProxy

#: What an answer to a request may be made of: status, body, further headers.
Answer = web.Response
_CREDENTIALS = ("Authorization", "X-API-Key", "X-Auth", "Cookie")


@dataclass(frozen=True, slots=True)
class HttpArrived(Arrived):
    """A request, with what only HTTP has."""

    method: str
    #: Path and query as they stood on the wire.
    target: str
    headers: CIMultiDictProxy[str]


@dataclass(eq=False)
class HttpReceiver:
    """What arrived, and how it is answered."""

    play: Play
    answer: str = "200"
    #: Overrides the play: what is written, byte by byte as given; the connection stays open.
    raw: bytes | None = None
    #: Whether a request's body is read before it is answered.
    reads: bool = True
    respond: Callable[[HttpArrived], Answer] | None = None
    port: int = 0
    arrived: list[HttpArrived] = field(default_factory=list)
    held: int = 0
    most_at_once: int = 0
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def let_go(self) -> None:
        """Answer one of the requests that are held."""
        self._turns.release()

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        """Read a request whole, remember it, answer it."""
        arrived = _arrived(request, await request.read() if self.reads else b"")
        self.arrived.append(arrived)
        self.held += 1
        self.most_at_once = max(self.most_at_once, self.held)
        try:
            return await self._answered(arrived, request)
        finally:
            self.held -= 1

    async def _answered(self, arrived: HttpArrived, request: web.BaseRequest) -> web.StreamResponse:
        if self.raw is not None:
            _socket(request).write(self.raw)
            return await _silence()
        if self.play is Play.HOLDS:
            await self._turns.acquire()
        elif self.play is not Play.ACCEPTS:
            await _PLAYS[self.play](_socket(request))
            return await _silence()
        return self.respond(arrived) if self.respond else web.Response(status=int(self.answer), text="seen")


@asynccontextmanager
async def running(play: Play, tls: SSLContext | None = None) -> AsyncIterator[HttpReceiver]:
    """A receiver on a free port of 127.0.0.1."""
    receiver = HttpReceiver(play)
    # A handler ends with its connection: none outlives its client.
    server = web.Server(receiver.take, handler_cancellation=True, access_log=None)
    listening = await asyncio.get_running_loop().create_server(
        _cutting if play is Play.CUTS_BEFORE_READING else server, "127.0.0.1", 0, ssl=tls
    )
    receiver.port = listening.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        listening.close()
        await server.shutdown(0)


class _cutting(asyncio.Protocol):  # noqa: N801 - stands where a factory of protocols does
    """Hangs up on whoever calls."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.abort()  # type: ignore[attr-defined]  # a listening socket makes transports that can


def _arrived(request: web.BaseRequest, body: bytes) -> HttpArrived:
    return HttpArrived(
        delivery_id=request.headers.get("Idempotency-Key"),
        body=body,
        content_type=request.headers.get("Content-Type"),
        credentials={name: request.headers[name] for name in _CREDENTIALS if name in request.headers},
        connection=_socket(request).get_extra_info("peername"),
        method=request.method,
        target=request.raw_path,
        headers=CIMultiDictProxy(CIMultiDict(request.headers)),
    )


def _socket(request: web.BaseRequest) -> asyncio.Transport:
    assert request.transport is not None
    return request.transport


async def _silence() -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def _cut_after_reading(transport: asyncio.Transport) -> None:
    transport.close()


async def _reset(transport: asyncio.Transport) -> None:
    at_once = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    transport.abort()


async def _cut_in_headers(transport: asyncio.Transport) -> None:
    transport.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    transport.close()


async def _cut_in_body(transport: asyncio.Transport) -> None:
    transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it")
    transport.close()


async def _drip(transport: asyncio.Transport) -> None:
    transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _ in itertools.count():
        transport.write(b"x")
        await asyncio.sleep(0.02)


async def _never_end(transport: asyncio.Transport) -> None:
    transport.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not transport.is_closing():
        if transport.get_write_buffer_size() == 0:
            transport.write(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
        await asyncio.sleep(0.001)


async def _talk_nonsense(transport: asyncio.Transport) -> None:
    transport.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


async def _never_answer(_: asyncio.Transport) -> None:
    """Nothing."""


_PLAYS: dict[Play, Callable[[asyncio.Transport], Awaitable[None]]] = {
    Play.NEVER_ANSWERS: _never_answer,
    Play.DRIPS: _drip,
    Play.NEVER_ENDS: _never_end,
    Play.CUTS_AFTER_READING: _cut_after_reading,
    Play.RESETS: _reset,
    Play.CUTS_IN_HEADERS: _cut_in_headers,
    Play.CUTS_IN_BODY: _cut_in_body,
    Play.TALKS_NONSENSE: _talk_nonsense,
}
