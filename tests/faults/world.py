"""The world of one scenario: a hub of real processes on a RabbitMQ, a Redis and a database that can be broken."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from census import bind_witness
from destination import Destination, running_destination
from governed_rabbit import GovernedRabbit
from hub_world import Hub, hub_of
from load import SLUGS
from redis import Redis
from tcp_line import Line, line_to

from pipeline.embedded import PrivateRedis, own_redis, temporary_folder
from pipeline.embedded.places import find_rabbitmq
from pipeline.errors import Unavailable

ROLES = ("ingest", "router", "sender rest", "suspect", "recorder")
#: Requests that each sender has in flight at most, over all services.
IN_FLIGHT = 8 * len(SLUGS)


@dataclass(frozen=True, slots=True)
class Servers:
    """What scenarios share, one after the other; each leaves it running."""

    rabbit: GovernedRabbit
    redis: PrivateRedis


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a fault can take hold of."""

    servers: Servers
    hub: Hub
    #: Where judge and load find the broker, whatever happens to the hub's line.
    amqp_url: str
    management_url: str
    broker_line: Line
    redis_line: Line
    destinations: Mapping[str, Destination]


@contextmanager
def running_servers() -> Iterator[Servers]:
    """A RabbitMQ and a Redis of the laboratory's own, since they are to be killed.

    Raises Unavailable where they are not installed: Docker's cannot be told all that these are.
    """
    with temporary_folder() as home:
        program, redis = find_rabbitmq(os.environ.get("PATH")), own_redis(home)
        if program is None or not isinstance(redis, PrivateRedis):
            raise Unavailable("the laboratory needs rabbitmq-server and redis-server installed on this machine")
        with GovernedRabbit(program, home / "rabbitmq", keeps_data=False) as rabbit, redis:
            yield Servers(rabbit, redis)


@asynccontextmanager
async def a_world(servers: Servers) -> AsyncIterator[World]:
    """A virtual host, an empty Redis, an applied registry and all roles running; in the end all are gone."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        amqp_url = await stack.enter_async_context(_virtual_host(servers.rabbit))
        with Redis.from_url(servers.redis.redis_url) as client:
            client.flushall()
        broker_line = await stack.enter_async_context(line_to(amqp_url))
        redis_line = await stack.enter_async_context(line_to(servers.redis.redis_url))
        destinations = {slug: await stack.enter_async_context(running_destination(slug)) for slug in SLUGS}
        management_url = servers.rabbit.management_url
        hub = await stack.enter_async_context(
            hub_of(broker_line.through(amqp_url), redis_line.through(servers.redis.redis_url), management_url, folder)
        )
        await hub.apply(_registry(destinations))
        await bind_witness(amqp_url)
        await hub.start(*ROLES)
        yield World(servers, hub, amqp_url, management_url, broker_line, redis_line, destinations)


def _registry(destinations: Mapping[str, Destination]) -> str:
    lines = [
        "version: 1",
        "defaults:",
        "  timeout: 2s",
        f"  concurrency: {IN_FLIGHT // len(SLUGS)}",
        "  retry: {backoff: 1s, max_backoff: 2s}",
        "  breaker: {cooldown: 2s}",
        "services:",
    ]
    for slug, destination in destinations.items():
        success = "{json: {ok: [true]}, otherwise: retry}"
        lines.append(f'  {slug}: {{transport: rest, url: "{destination.url}", success: {success}}}')
    lines.append("rules:")
    lines += [
        f"  {kind}-to-{slug}: {{event: shop.{kind}, service: {slug}}}"
        for slug in destinations
        for kind in ("all", slug)
    ]
    return "\n".join(lines)


@asynccontextmanager
async def _virtual_host(rabbit: GovernedRabbit) -> AsyncIterator[str]:
    name = f"lab-{secrets.token_hex(4)}"
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    async with httpx.AsyncClient(base_url=f"{rabbit.management_url}/api", timeout=30, trust_env=False) as management:
        (await management.put(f"/vhosts/{name}")).raise_for_status()
        (await management.put(f"/permissions/{name}/mih", json=everything)).raise_for_status()
        try:
            yield urlsplit(rabbit.amqp_url)._replace(path=f"/{name}").geturl()
        finally:
            await asyncio.shield(management.delete(f"/vhosts/{name}"))
