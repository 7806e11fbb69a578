"""A service moves for a while to an address where TLS is never agreed upon."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from full_queue_faults import others_hear
from hub_world import until
from load import Load
from world import World

#: What the handshake of TLS begins with.
_HANDSHAKE = b"\x16"
#: Handshakes of which none may be left open in the end.
_TRIES = 8


@dataclass(frozen=True, slots=True)
class HandshakeStalls:
    """Connections are taken, and nobody ever says a word of TLS."""

    slug: str
    seconds: float = 6
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        load.may_go_on.clear()
        hellos, open_ = list[bytes](), set[asyncio.StreamWriter]()

        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            open_.add(writer)
            try:
                hellos.append(await reader.readexactly(1))
                await reader.read()
            finally:
                open_.discard(writer)
                writer.close()

        async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with moved(world, {self.slug: f"https://127.0.0.1:{port}/"}):
                load.may_go_on.set()
                await until(lambda: len(hellos) >= _TRIES, "the sender began to speak TLS")
                await others_hear(world, self.slug)
                await asyncio.sleep(self.seconds)
            await until(lambda: not open_, "every handshake was given up")
        assert set(hellos) == {_HANDSHAKE}, hellos


@asynccontextmanager
async def moved(world: World, urls: Mapping[str, str]) -> AsyncIterator[None]:
    """Their operator applies other addresses for services, and the right ones afterwards."""
    registry = applied = (world.hub.folder / "registry.yaml").read_text()
    for slug, url in urls.items():
        applied = applied.replace(world.destinations[slug].url, url)
    await world.hub.apply(applied)
    try:
        yield
    finally:
        await world.hub.apply(registry)
