"""The ground that all sides stand on: one RabbitMQ, one Redis and one destination; a virtual host for each."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
import httpx
from arrivals import Destination, running_destination

from pipeline.embedded import PrivateRabbit, PrivateRedis, own_redis, temporary_folder
from pipeline.embedded.places import find_rabbitmq
from pipeline.errors import Unavailable

_POLL_S = 0.1
_START_S = 60


@dataclass(frozen=True, slots=True)
class Ground:
    """What is there before any side is."""

    rabbit: PrivateRabbit
    redis: PrivateRedis
    destination: Destination
    folder: Path

    @property
    def broker_pid(self) -> int:
        assert self.rabbit.pid
        return self.rabbit.pid

    @property
    def redis_pid(self) -> int:
        assert self.redis.pid
        return self.redis.pid


@asynccontextmanager
async def prepared_ground() -> AsyncIterator[Ground]:
    """Start all three, with data on disk as a user's hub has it.

    Raises Unavailable where RabbitMQ or Redis is not installed: what runs in Docker shows no processor time.
    """
    program = find_rabbitmq(os.environ.get("PATH"))
    if not program:
        raise Unavailable("the bench reads RabbitMQ's processor time: it needs rabbitmq-server on this machine")
    with temporary_folder() as folder:
        redis = own_redis(folder, keeps_data=True)
        if not isinstance(redis, PrivateRedis):
            raise Unavailable("the bench reads Redis's processor time: it needs redis-server on this machine")
        with redis, PrivateRabbit(program, folder / "rabbitmq", keeps_data=True) as rabbit:
            async with running_destination(folder) as destination:
                yield Ground(rabbit, redis, destination, folder)


@asynccontextmanager
async def virtual_host(rabbit: PrivateRabbit) -> AsyncIterator[str]:
    """An address of RabbitMQ where nothing is yet."""
    name = f"bench-{secrets.token_hex(4)}"
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    async with httpx.AsyncClient(base_url=f"{rabbit.management_url}/api", timeout=60, trust_env=False) as management:
        (await management.put(f"/vhosts/{name}")).raise_for_status()
        (await management.put(f"/permissions/{name}/mih", json=everything)).raise_for_status()
        try:
            yield urlsplit(rabbit.amqp_url)._replace(path=f"/{name}").geturl()
        finally:
            await asyncio.shield(management.delete(f"/vhosts/{name}"))


async def until_consumed(url: str, queues: Iterable[str]) -> None:
    """Wait until each of these queues has a consumer."""
    connection = await aio_pika.connect(url)
    async with connection:
        for queue in queues:
            try:
                async with asyncio.timeout(_START_S):
                    while not await _consumers(connection, queue):  # noqa: ASYNC110 - it happens in the broker
                        await asyncio.sleep(_POLL_S)
            except TimeoutError:
                raise TimeoutError(f"nobody consumes {queue} after {_START_S} s") from None


async def _consumers(connection: aio_pika.abc.AbstractConnection, queue: str) -> int:
    # A queue that is not there closes the channel that asks for it.
    channel = await connection.channel()
    try:
        declared = await channel.declare_queue(queue, passive=True)
    except aio_pika.exceptions.ChannelNotFoundEntity:
        return 0
    await channel.close()
    return declared.declaration_result.consumer_count or 0
