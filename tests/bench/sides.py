"""The sides: MIH as users start it, the floor beneath it, Celery's pools, and the HTTP client alone."""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from celery_queue import QUEUE, TASK
from ground import Ground, until_consumed, virtual_host
from hub_world import Hub, hub_of
from numbered_events import SIZE, Writer, bare, event, task
from publisher import Publisher, publishing
from side import Direct, Side
from started import started

from topology import names
from topology.declare import declare
from topology.entities import topology_of

SLUG = "bench"
#: Requests in flight of each side that lets one say so.
IN_FLIGHT = 64
ROLES = ("ingest", "router", "sender rest")
#: What runs a role.
PROGRAM = ("-m", "pipeline.cli")
#: Celery's pools, with as much side by side as each carries best on two cores.
POOLS: Mapping[str, int] = {"prefork": 8, "threads": 16, "gevent": 64}
#: What a worker that nobody watches can do without. With them Celery 5.7's green pools look for 0.1 s at another
#: connection after each message that they take: 9 tasks a second.
_WITHOUT = ("--without-gossip", "--without-mingle", "--without-heartbeat")
#: Where `make bench` puts what only the bench needs.
PACKAGES = Path(__file__).parents[2] / ".bench"
_HERE = Path(__file__).parent


def registry_of(address: str, slugs: Sequence[str] = (SLUG,), *, concurrency: int = IN_FLIGHT, more: str = "") -> str:
    """Each service hears of the events that are called after it."""
    services = (
        f'  {slug}: {{transport: rest, url: "{address}/{slug}", timeout: 5s, concurrency: {concurrency}}}'
        for slug in slugs
    )
    rules = (f"  to-{slug}: {{event: {slug}.order, service: {slug}, payload: '{{{{data}}}}'}}" for slug in slugs)
    return "\n".join(("version: 1", "services:", *services, "rules:", *rules, more))


@dataclass(frozen=True, slots=True)
class RunningHub:
    """A hub, and the processes of its roles."""

    hub: Hub
    amqp_url: str
    pids: Sequence[int]


@asynccontextmanager
async def a_hub(  # noqa: PLR0913 - what its callers vary
    ground: Ground,
    registry: str,
    *,
    roles: Sequence[str] = ROLES,
    code: Path | None = None,
    redis_db: int = 0,
    program: Sequence[str] = PROGRAM,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[RunningHub]:
    """All roles on a virtual host and a Redis database of their own; `code` is another tree of MIH to run."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(virtual_host(ground.rabbit))
        redis_url = urlsplit(ground.redis.redis_url)._replace(path=f"/{redis_db}").geturl()
        folder = ground.folder / f"hub-{url.rpartition('-')[2]}"
        folder.mkdir()
        hub = await stack.enter_async_context(hub_of(url, redis_url, ground.rabbit.management_url, folder))
        if code:
            # Without the first, Python would look where this program runs before it looks there.
            hub.environment |= {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(code)}
        hub.environment |= environment or {}
        await hub.apply(registry)
        pids = [
            await _started(stack, ground, *program, *role.split(), environment=hub.environment, log=role)
            for role in roles
        ]
        await until_consumed(url, (names.INGEST, names.ROUTER))
        yield RunningHub(hub, url, pids)


@asynccontextmanager
async def mih(ground: Ground, *, name: str = "MIH", code: Path | None = None, redis_db: int = 0) -> AsyncIterator[Side]:
    """Ingest, router and one sender, one service, one rule."""
    registry = registry_of(ground.destination.address)
    async with (
        a_hub(ground, registry, code=code, redis_db=redis_db) as running,
        _fed(running.amqp_url, names.service_queue(SLUG)) as publisher,
    ):
        write = partial(event, kind=f"{SLUG}.order")
        yield Side(name=name, started=running.pids, publisher=publisher, write=write)


@asynccontextmanager
async def floor(ground: Ground, *on: str) -> AsyncIterator[Side]:
    """Three bare processes on the very queues of MIH's road, on the client library or `wire`."""
    service = names.service_queue(SLUG)
    hops = (
        ("hop", names.INGEST, names.ROUTER),
        ("hop", names.ROUTER, service),
        ("post", service, f"{ground.destination.address}/{SLUG}"),
    )
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(virtual_host(ground.rabbit))
        declare(url, topology_of([SLUG]))
        pids = [await _started(stack, ground, "floor.py", url, *hop, *on) for hop in hops]
        publisher = await stack.enter_async_context(_fed(url, *(source for _, source, _ in hops)))
        yield Side(name=" ".join(("floor", *on)), started=pids, publisher=publisher, write=bare(names.INGEST))


@asynccontextmanager
async def celery(ground: Ground, pool: str) -> AsyncIterator[Side]:
    """One worker with this pool."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(virtual_host(ground.rabbit))
        address = f"{ground.destination.address}/{SLUG}"
        environment = {
            "PYTHONPATH": f"{_HERE}:{PACKAGES}",
            "BENCH_AMQP_URL": url,
            "BENCH_ADDRESS": address,
        }
        worker = ("worker", "-P", pool, "-c", str(POOLS[pool]), "-l", "warning", *_WITHOUT)
        command = ("-m", "celery", "-A", "celery_app", *worker)
        pid = await _started(stack, ground, *command, environment=environment, log=f"celery-{pool}")
        publisher = await stack.enter_async_context(_fed(url, QUEUE))
        write: Writer = partial(task, name=TASK, queue=QUEUE)
        yield Side(name=f"Celery {pool}", started=[pid], publisher=publisher, write=write)


@asynccontextmanager
async def direct(ground: Ground) -> AsyncIterator[Side]:
    """The HTTP client alone, in one process."""
    async with AsyncExitStack() as stack:
        command = (sys.executable, str(_HERE / "direct.py"), f"{ground.destination.address}/{SLUG}", str(SIZE))
        process = await stack.enter_async_context(started(*command, log=ground.folder / "direct.log", talks=True))
        publisher = await stack.enter_async_context(publishing(ground.rabbit.amqp_url))
        yield Direct(name="HTTP client alone", started=[process.pid], publisher=publisher, process=process)


@asynccontextmanager
async def _fed(url: str, *queues: str) -> AsyncIterator[Publisher]:
    """A publisher, once all that it publishes for is there."""
    await until_consumed(url, queues)
    async with publishing(url) as publisher:
        yield publisher


async def _started(
    stack: AsyncExitStack,
    ground: Ground,
    *command: str,
    environment: Mapping[str, str] | None = None,
    log: str = "floor",
) -> int:
    program = (
        (sys.executable, *command) if command[0] == "-m" else (sys.executable, str(_HERE / command[0]), *command[1:])
    )
    running = started(*program, log=ground.folder / f"{log}.log", environment=environment)
    return (await stack.enter_async_context(running)).pid
