"""A TCP connection, with TLS or without, to exactly an address that the guard let pass; in words, why there is none."""

import asyncio
import socket
import ssl
from typing import Any

from pipeline.attempt.guard import Guard
from pipeline.attempt.guarded_resolver import GuardedResolver
from pipeline.errors import DestinationRefused

#: Seconds; a peer that does not take part in ending TLS is left.
_TLS_GOODBYE_S = 1
_CLOSED = "connection closed without an answer"
_UNREACHABLE = "connection refused or unreachable"
#: In the order in which they are looked at: the first kind that fits.
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "name not found"),
    (ssl.SSLError, "TLS failed"),
    (ConnectionRefusedError, _UNREACHABLE),
    (ConnectionError, _CLOSED),
    (EOFError, _CLOSED),
)


async def dialled(
    host: str, port: int, reader: asyncio.StreamReader, guard: Guard, context: ssl.SSLContext | None
) -> asyncio.StreamWriter:
    """Resolve once, check every address, connect to the first of them that answers; it is read by the reader given.

    Raises DestinationRefused, OSError.
    """
    found = await GuardedResolver(guard).resolve(host, port, socket.AF_UNSPEC)
    for result in found[:-1]:
        try:
            return await _connected(str(result["host"]), host, port, reader, context)
        except ssl.SSLError:
            raise
        except OSError:
            continue
    return await _connected(str(found[-1]["host"]), host, port, reader, context)


def told(failed: DestinationRefused | OSError | EOFError) -> str:
    """Why nothing was answered on a connection, or why there is none."""
    if isinstance(failed, DestinationRefused):
        return str(failed)
    if isinstance(failed, ssl.SSLCertVerificationError):
        return f"certificate not trusted: {failed.verify_message}"
    return next((word for kind, word in _WORDS if isinstance(failed, kind)), _UNREACHABLE)


async def _connected(
    ip: str, host: str, port: int, reader: asyncio.StreamReader, context: ssl.SSLContext | None
) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    protocol = asyncio.StreamReaderProtocol(reader)
    # TLS is verified against the name; the address that was checked is only where it is found.
    tls: dict[str, Any] = {
        "ssl": context,
        "server_hostname": host.rstrip("."),
        "ssl_shutdown_timeout": _TLS_GOODBYE_S,
    }
    transport, _ = await loop.create_connection(lambda: protocol, ip, port, **(tls if context else {}))
    return asyncio.StreamWriter(transport, protocol, reader, loop)
