"""A real AMQP service: an exchange and a queue of a user of its own, reached by a wire that can be cut."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aio_pika
import httpx
import orjson

EXCHANGE = QUEUE = "lake"


@dataclass
class LakeService:
    """Remembers what arrived."""

    url: str
    user: str
    management: httpx.AsyncClient
    channel: aio_pika.abc.AbstractChannel
    #: By delivery and number, how often it came.
    arrived: Counter[tuple[str | None, int]] = field(default_factory=Counter)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the orders that came, each as often as it did."""
        return sorted(number for _, number in self.arrived.elements())

    async def open_queue(self) -> None:
        """Have a queue, and consume it."""
        queue = await self.channel.declare_queue(QUEUE)
        await queue.bind(EXCHANGE, "shop.#")
        await queue.consume(self._take, no_ack=True)

    async def delete_queue(self) -> None:
        await self.channel.queue_delete(QUEUE)

    async def let_in_by(self, password: str) -> None:
        """Change the user's password."""
        (await self.management.put(f"/users/{self.user}", json={"password": password, "tags": ""})).raise_for_status()

    def cut(self) -> int:
        """Reset every connection; how many they were."""
        cut = [writer for writer in self.writers if not writer.is_closing()]
        for writer in cut:
            writer.transport.abort()
        return len(cut)

    async def _take(self, message: aio_pika.abc.AbstractIncomingMessage) -> None:
        self.arrived[message.message_id, orjson.loads(message.body)["number"]] += 1


@asynccontextmanager
async def running_lake(amqp_url: str, management_url: str, password: str) -> AsyncIterator[LakeService]:
    """The service in this virtual host."""
    broker, user = urlsplit(amqp_url), f"lake-{secrets.token_hex(4)}"
    async with AsyncExitStack() as open_:
        management = httpx.AsyncClient(base_url=f"{management_url}/api", timeout=30, trust_env=False)
        await open_.enter_async_context(management)
        connection = await open_.enter_async_context(await aio_pika.connect(amqp_url))
        lake = LakeService("", user, management, await connection.channel())
        await lake.let_in_by(password)
        open_.push_async_callback(management.delete, f"/users/{user}")
        # It may publish there, and nothing else.
        rights = {"configure": "^$", "write": f"^{EXCHANGE}$", "read": "^$"}
        (await management.put(f"/permissions{broker.path}/{user}", json=rights)).raise_for_status()
        await lake.channel.declare_exchange(EXCHANGE, "topic")
        await lake.open_queue()
        port = await open_.enter_async_context(_wired(lake, broker.hostname, broker.port))
        lake.url = f"amqp://127.0.0.1:{port}{broker.path}"
        yield lake


@asynccontextmanager
async def _wired(lake: LakeService, host: str | None, port: int | None) -> AsyncIterator[int]:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def stand_between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onward = await asyncio.open_connection(host, port)
        lake.writers.append(writer)
        await asyncio.gather(pump(reader, onward), pump(there, writer))

    server = await asyncio.start_server(stand_between, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        lake.cut()
        server.close()
        await server.wait_closed()
