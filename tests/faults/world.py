"""The world of one scenario: a hub of real processes on a RabbitMQ, a Redis and a database that can be broken."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx
from amqp_destination import PASSWORD, running_amqp
from census import bind_witness
from cluster import Cluster, running_cluster
from destination import Destination, running_rest
from governed_rabbit import GovernedContainer, GovernedRabbit
from hub_world import Hub, hub_of
from load import SLUGS
from postgresql import Database, running_postgresql
from redis import Redis
from soap_destination import running_soap
from tcp_line import Line, line_to

from pipeline.embedded import DockerRedis, PrivateRedis, own_redis, temporary_folder
from pipeline.embedded.docker import why_docker_cannot
from pipeline.embedded.places import find_rabbitmq
from pipeline.errors import Unavailable

ROLES = ("ingest", "router", "sender rest", "sender amqp", "sender soap", "suspect", "recorder")
#: What each service is reached by.
TRANSPORTS = {"till": "rest", "erp": "rest", "sis": "soap", "lake": "amqp"}
#: Requests to one service that are in flight at most.
AT_ONCE = 8
#: Requests that all senders have in flight at most, over all services.
IN_FLIGHT = AT_ONCE * len(SLUGS)


DatabaseKind = Literal["sqlite", "postgresql"]


@dataclass(frozen=True, slots=True)
class Servers:
    """What scenarios share, one after the other; each leaves it running."""

    rabbit: GovernedRabbit | GovernedContainer
    redis: PrivateRedis | DockerRedis


def needs_own_redis(servers: Servers) -> None:
    """Raise Unavailable where Redis is in a container, whose folder and clock cannot be reached."""
    if not isinstance(servers.redis, PrivateRedis):
        raise Unavailable("this scenario needs redis-server on this machine, and not in Docker")


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
    #: None where it is SQLite's file in the hub's folder.
    database: Database | None
    #: Of three nodes, where the scenario asks for it; `broker_line` then leads to the first that answers.
    cluster: Cluster | None = None


def in_flight_of(role: str) -> int:
    """Requests that this role has in flight at most."""
    return AT_ONCE * sum(role == f"sender {transport}" for transport in TRANSPORTS.values())


@contextmanager
def running_servers() -> Iterator[Servers]:
    """A RabbitMQ and a Redis of the laboratory's own, since they are to be killed; MIH_TEST_DOCKER=1 takes Docker's.

    Raises Unavailable where there is none.
    """
    only_docker = os.environ.get("MIH_TEST_DOCKER") == "1"
    with (
        temporary_folder() as home,
        own_redis(home, only_docker=only_docker) as redis,
        _governed(home, only_docker=only_docker) as rabbit,
    ):
        yield Servers(rabbit, redis)


def _governed(home: Path, *, only_docker: bool) -> GovernedRabbit | GovernedContainer:
    program = None if only_docker else find_rabbitmq(os.environ.get("PATH"))
    if program:
        return GovernedRabbit(program, home / "rabbitmq", keeps_data=False)
    if missing := why_docker_cannot():
        raise Unavailable(f"the laboratory needs rabbitmq-server installed on this machine, or Docker ({missing})")
    return GovernedContainer()


@asynccontextmanager
async def a_world(
    servers: Servers, database: DatabaseKind = "sqlite", *, clustered: bool = False
) -> AsyncIterator[World]:
    """A virtual host, an empty Redis, an applied registry and all roles running; in the end all are gone."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        cluster = await stack.enter_async_context(running_cluster(folder)) if clustered else None
        rabbits = cluster.nodes if cluster else [servers.rabbit]
        amqp_url = await stack.enter_async_context(_virtual_host(rabbits[0]))
        with Redis.from_url(servers.redis.redis_url) as client:
            client.flushall()
        nodes = [urlsplit(rabbit.amqp_url)._replace(path=urlsplit(amqp_url).path).geturl() for rabbit in rabbits]
        broker_line = await stack.enter_async_context(line_to(*nodes))
        hub_url = ",".join(nodes) if cluster else broker_line.through(amqp_url)
        if cluster:
            amqp_url = (await stack.enter_async_context(line_to(*nodes))).through(amqp_url)
        redis_line = await stack.enter_async_context(line_to(servers.redis.redis_url))
        destinations = {
            slug: await stack.enter_async_context(_running(slug, broker_line.through(amqp_url), amqp_url))
            for slug in SLUGS
        }
        management_url = rabbits[0].management_url
        hub = await stack.enter_async_context(
            hub_of(hub_url, redis_line.through(servers.redis.redis_url), management_url, folder)
        )
        postgresql = await stack.enter_async_context(running_postgresql()) if database == "postgresql" else None
        if postgresql:
            hub.environment["MIH_DATABASE_URL"] = postgresql.hub_url
        hub.environment[PASSWORD] = urlsplit(amqp_url).password or ""
        await hub.apply(_registry(destinations.values()))
        await bind_witness(amqp_url)
        await hub.start(*ROLES)
        yield World(servers, hub, amqp_url, management_url, broker_line, redis_line, destinations, postgresql, cluster)


def _running(slug: str, hub_url: str, amqp_url: str) -> AbstractAsyncContextManager[Destination]:
    match TRANSPORTS[slug]:
        case "amqp":
            return running_amqp(slug, hub_url, amqp_url)
        case "soap":
            return running_soap(slug)
        case _:
            return running_rest(slug)


def _registry(destinations: Collection[Destination]) -> str:
    lines = [
        "version: 1",
        "defaults:",
        "  timeout: 2s",
        f"  concurrency: {AT_ONCE}",
        "  retry: {backoff: 1s, max_backoff: 2s}",
        "  breaker: {cooldown: 2s}",
        "services:",
    ]
    lines += [f"  {destination.slug}: {{{destination.service}}}" for destination in destinations]
    lines.append("rules:")
    lines += [
        f"  {kind}-to-{to.slug}: {{event: shop.{kind}, service: {to.slug}, {to.rule}}}"
        for to in destinations
        for kind in ("all", to.slug)
    ]
    return "\n".join(lines)


@asynccontextmanager
async def _virtual_host(rabbit: GovernedRabbit | GovernedContainer) -> AsyncIterator[str]:
    name = f"lab-{secrets.token_hex(4)}"
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    async with httpx.AsyncClient(base_url=f"{rabbit.management_url}/api", timeout=30, trust_env=False) as management:
        (await management.put(f"/vhosts/{name}")).raise_for_status()
        (await management.put(f"/permissions/{name}/mih", json=everything)).raise_for_status()
        try:
            yield urlsplit(rabbit.amqp_url)._replace(path=f"/{name}").geturl()
        finally:
            # A cluster whose first node is away goes as a whole.
            with suppress(httpx.HTTPError):
                await asyncio.shield(management.delete(f"/vhosts/{name}"))
