"""A connection to exactly an address that the guard let pass, on which no more is read than has been asked for."""

import asyncio
import socket
import ssl
from typing import Any

from aiormq.connection import TransportFactory
from aiormq.exceptions import InvalidFrameError
from yarl import URL

from pipeline.attempt.amqp_address import AmqpAddress
from pipeline.attempt.guard import Guard, GuardedResolver

#: Bytes that a broker may say beyond giving back what was published: its greeting, confirms, heartbeats.
SMALL_TALK = 65_536
#: A peer that does not take part in ending TLS is left.
_TLS_GOODBYE_S = 1


class MeteredReader(asyncio.StreamReader):
    """Reads no more than was allowed so far, however long a frame says that it is."""

    allowed = SMALL_TALK

    async def readexactly(self, n: int) -> bytes:
        """Read so many bytes.

        Raises InvalidFrameError where that is more than anything published could be answered with.
        """
        if n > self.allowed:
            raise InvalidFrameError("longer than an answer can be")
        self.allowed -= n
        return await super().readexactly(n)


class Socket(TransportFactory):
    """An open connection, on which the client library then speaks."""

    def __init__(self, reader: MeteredReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def create(self, *_: URL, **__: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Give it to the client library."""
        return self.reader, self.writer

    def abort(self) -> None:
        """Close it at once."""
        self.writer.transport.abort()


async def dialled(address: AmqpAddress, guard: Guard, context: ssl.SSLContext | None) -> Socket:
    """Resolve once, check every address, connect to the first of them that answers.

    Raises DestinationRefused, OSError.
    """
    found = await GuardedResolver(guard).resolve(address.host, address.port, socket.AF_UNSPEC)
    for result in found[:-1]:
        try:
            return await _connected(str(result["host"]), address, context)
        except ssl.SSLError:
            raise
        except OSError:
            continue
    return await _connected(str(found[-1]["host"]), address, context)


async def _connected(ip: str, address: AmqpAddress, context: ssl.SSLContext | None) -> Socket:
    loop = asyncio.get_running_loop()
    reader = MeteredReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    # TLS is verified against the name; the address that was checked is only where it is found.
    tls: dict[str, Any] = {
        "ssl": context,
        "server_hostname": address.host.rstrip("."),
        "ssl_shutdown_timeout": _TLS_GOODBYE_S,
    }
    transport, _ = await loop.create_connection(lambda: protocol, ip, address.port, **(tls if context else {}))
    return Socket(reader, asyncio.StreamWriter(transport, protocol, reader, loop))
