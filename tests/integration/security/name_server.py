"""A name server over UDP that tells one name's IPv4 addresses, and may tell others each time it is asked."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

_A = 1
#: An answer, with recursion; the question is repeated behind the header.
_FLAGS = 0x8180
_HEADER_BYTES = 12
#: The name by its place in the question, class IN, and to be kept for no time at all.
_RECORD = struct.Struct("!HHHIH")
_NAME_OF_QUESTION = 0xC00C


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """Asks `addresses` with the number, from 1, of each question for an address."""

    addresses: Callable[[int], Sequence[str]]
    asked: list[str] = field(default_factory=list)
    _transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        name, end = _name(data)
        (kind,) = struct.unpack_from("!H", data, end)
        found: Sequence[str] = ()
        if kind == _A:
            self.asked.append(name)
            found = self.addresses(len(self.asked))
        header = data[:2] + struct.pack("!5H", _FLAGS, 1, len(found), 0, 0)
        records = (_RECORD.pack(_NAME_OF_QUESTION, _A, 1, 0, 4) + IPv4Address(one).packed for one in found)
        self._transport.sendto(header + data[_HEADER_BYTES : end + 4] + b"".join(records), addr)


def _name(data: bytes) -> tuple[str, int]:
    """The name in question, and where it ends."""
    labels, at = [], _HEADER_BYTES
    while length := data[at]:
        labels.append(data[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels), at + 1


@asynccontextmanager
async def name_server(addresses: Callable[[int], Sequence[str]]) -> AsyncIterator[NameServer]:
    """One on the loopback, at the port at which a system asks."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: NameServer(addresses), local_addr=("127.0.0.1", 53))
    try:
        yield server
    finally:
        transport.close()
