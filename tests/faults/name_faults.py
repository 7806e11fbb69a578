"""A name server that fails, denies a name, or says nothing: a real one, that a sender asks as the system does.

The sender is started with an /etc/resolv.conf of its own, which leads to this one; no other process sees either.
"""

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal

from address_faults import moved
from crash_faults import started_with
from full_queue_faults import others_hear
from hub_world import until
from load import Load
from process_faults import ToldToStop
from world import TRANSPORTS, Servers, World, in_flight_of

from pipeline.errors import Unavailable

#: An address of the loopback that no name server of the machine's own has, and the port at which a system asks.
_AT = ("127.0.0.111", 53)
_HOST = "{}.lab.test"
Answer = Literal["fails", "denies", "is silent"]
#: SERVFAIL and NXDOMAIN.
_CODES: dict[Answer, int] = {"fails": 2, "denies": 3}
_ANSWER, _HEADER_BYTES, _TYPE_A = 0x8180, 12, b"\x00\x01"
#: The name by its place in the question; an address, class IN, to be kept for no time at all.
_HERE = struct.pack("!HHHIH", 0xC00C, 1, 1, 0, 4) + bytes((127, 0, 0, 1))


def needs_port_53(_: Servers) -> None:
    """Raise Unavailable where no name server may be had."""
    if os.getuid() != 0:
        raise Unavailable("this scenario needs root: a name server listens at port 53")


@dataclass(frozen=True, slots=True)
class NameAway:
    """One service's name is not resolved for some seconds, while those of the others over REST are.

    A sender that is told to stop meanwhile must end as ever.
    """

    slug: str
    answer: Answer
    #: Longer than the system's own patience with a name server.
    seconds: float = 12

    @property
    def repeats(self) -> int:
        return in_flight_of("sender rest")

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        load.may_go_on.clear()
        destination = world.destinations[self.slug]
        names = {
            slug: world.destinations[slug].url.replace("127.0.0.1", _HOST.format(slug))
            for slug, over in TRANSPORTS.items()
            if over == "rest"
        }
        asks = {"MIH_LAB_RESOLV_CONF": str(_resolv_conf(world.hub.folder)), "LOCALDOMAIN": ""}
        async with (
            _name_server(self.slug, self.answer) as server,
            moved(world, names),
            started_with(world, asks, "sender rest"),
        ):
            load.may_go_on.set()
            await others_hear(world, self.slug)
            await asyncio.sleep(self.seconds)
            assert server.asked, f"nobody asked for {self.slug}"
            await ToldToStop("sender rest").strike(world, load, chance)
            before = destination.accepted.total()
            server.away = ""
            await until(lambda: destination.accepted.total() > before, f"{self.slug} hears by its name")


@dataclass
class _NameServer(asyncio.DatagramProtocol):
    """Tells that every name is here, but one, of which it says something else."""

    away: str
    answer: Answer
    asked: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.gone.set()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        is_away = bool(self.away) and self.away.encode() in data
        self.asked += is_away
        if is_away and self.answer == "is silent":
            return
        code = _CODES[self.answer] if is_away else 0
        record = _HERE if not code and data[-4:-2] == _TYPE_A else b""
        header = struct.pack("!5H", _ANSWER | code, 1, bool(record), 0, 0)
        self._transport.sendto(data[:2] + header + data[_HEADER_BYTES:] + record, addr)


@asynccontextmanager
async def _name_server(away: str, answer: Answer) -> AsyncIterator[_NameServer]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: _NameServer(away, answer), local_addr=_AT)
    try:
        yield server
    finally:
        transport.close()
        await server.gone.wait()


def _resolv_conf(folder: Path) -> Path:
    file = folder / "resolv.conf"
    file.write_text(f"nameserver {_AT[0]}\n")
    return file
