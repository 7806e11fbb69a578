"""A small forward proxy on the loopback: tunnels what is asked by CONNECT, and sends other requests on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(eq=False)
class ForwardProxy:
    """What was asked of it; every name leads to the loopback, as names behind a proxy are the proxy's affair."""

    port: int = 0
    #: Request lines and `Proxy-Authorization`, in order.
    asked: list[tuple[str, str]] = field(default_factory=list)
    #: Written instead of going on.
    refusal: bytes = b""
    #: The bytes that passed through a tunnel on their way out.
    tunnelled: bytearray = field(default_factory=bytearray)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            line, *headers = head.decode().split("\r\n")
            named = dict(header.split(": ", 1) for header in headers if header)
            self.asked.append((line, named.get("Proxy-Authorization", "")))
            if self.refusal:
                writer.write(self.refusal)
            else:
                await self._go_on(line, head, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _go_on(self, line: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = line.split(" ")
        port = urlsplit(f"//{target}" if method == "CONNECT" else target).port
        back, there = await asyncio.open_connection("127.0.0.1", port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            there.write(head)
        try:
            await asyncio.gather(self._pass(reader, there, self.tunnelled), self._pass(back, writer, bytearray()))
        finally:
            there.close()

    @staticmethod
    async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: bytearray) -> None:
        while passed := await reader.read(65_536):
            seen += passed
            writer.write(passed)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def running_proxy() -> AsyncIterator[ForwardProxy]:
    """A proxy on a free port of 127.0.0.1."""
    proxy = ForwardProxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
