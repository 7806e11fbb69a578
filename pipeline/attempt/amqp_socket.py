"""A connection to a broker on which no more is read than has been asked for."""

import asyncio
import ssl
from typing import Any

from aiormq.connection import TransportFactory
from aiormq.exceptions import InvalidFrameError
from yarl import URL

from pipeline.attempt import tcp
from pipeline.attempt.amqp_address import AmqpAddress
from pipeline.attempt.guard import Guard

#: Bytes that a broker may say beyond giving back what was published: its greeting, confirms, heartbeats.
SMALL_TALK = 65_536


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
    """Connect to the broker.

    Raises DestinationRefused, OSError.
    """
    reader = MeteredReader()
    return Socket(reader, await tcp.dialled(address.host, address.port, reader, guard, context))
