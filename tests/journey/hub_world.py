"""A whole hub of real processes, and real services that it delivers to: what the journeys are told with."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aio_pika
import orjson
from http_service import Service, running_service

from pipeline.dead_index import DeadIndex
from pipeline.settings import load_settings

__all__ = ["Service", "running_service"]

ROLES = ("ingest", "router", "sender rest", "suspect")
#: Seconds that anything may take on a busy machine.
DEADLINE_S = 60


async def until(condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Await a condition, looking often."""
    try:
        async with asyncio.timeout(deadline_s):
            while not condition():  # noqa: ASYNC110 - what is awaited happens in other processes
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"waited {deadline_s} s in vain until {what}") from None


@dataclass
class Hub:
    """Every role as a process of its own."""

    environment: dict[str, str]
    folder: Path
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    #: What a role or command has in its environment of its own, by its first word.
    of_its_own: dict[str, dict[str, str]] = field(default_factory=dict)

    async def start(self, *roles: str) -> None:
        """Start these roles; further ones of the same have a number, as in `sender rest #2`."""
        for role in roles or ROLES:
            log = (self.folder / f"{role.replace(' ', '-')}.log").open("ab")
            command = role.partition(" #")[0].split()
            self.processes[role] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "pipeline.cli", *command, env=self._environment(command), stdout=log, stderr=log
            )
            log.close()

    async def kill(self, role: str) -> None:
        await self._end(role, signal.SIGKILL)

    async def stop(self, role: str) -> int:
        return await self._end(role, signal.SIGTERM)

    async def _end(self, role: str, how: signal.Signals) -> int:
        process = self.processes.pop(role)
        with suppress(ProcessLookupError):
            # One that ended by itself is told by its code.
            process.send_signal(how)
        return await asyncio.wait_for(process.wait(), DEADLINE_S)

    async def run(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run a command of `mih` and return what it printed; it must succeed."""
        code, output = await self.tried(*arguments, stdin=stdin)
        assert code == 0, output
        return output

    async def tried(self, *arguments: str, stdin: bytes = b"") -> tuple[int | None, str]:
        """Run a command of `mih` and return its exit code and what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "pipeline.cli",
            *arguments,
            env=self._environment(arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(stdin), DEADLINE_S)
        return process.returncode, output.decode()

    def _environment(self, command: Sequence[str]) -> dict[str, str]:
        return self.environment | self.of_its_own.get(command[0], {})

    async def apply(self, registry: str) -> None:
        path = self.folder / "registry.yaml"
        path.write_text(registry)
        await self.run("apply", str(path))

    async def publish(self, events: Iterable[dict[str, Any]]) -> None:
        await self.run("publish", "-", stdin=b"\n".join(map(orjson.dumps, events)))

    async def depth(self, queue: str) -> int:
        """Messages that are ready in a queue."""
        connection = await aio_pika.connect(self.environment["MIH_AMQP_URL"])
        async with connection:
            channel = await connection.channel()
            declared = await channel.declare_queue(queue, passive=True)
            return declared.declaration_result.message_count or 0

    async def until_depth(self, queue: str, depth: int) -> None:
        found = -1
        for _ in range(DEADLINE_S * 5):
            found = await self.depth(queue)
            if found == depth:
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"{queue} holds {found}, not {depth}")

    async def until_indexed(self, count: int) -> None:
        """Until the index of the dead, which the recorder writes, knows so many."""
        found = -1
        async with DeadIndex.open(load_settings(self.environment).effective_database_url()) as index:
            for _ in range(DEADLINE_S * 5):
                found = sum((await index.counts()).values())
                if found == count:
                    return
                await asyncio.sleep(0.2)
        raise AssertionError(f"the index knows {found}, not {count}")

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))


@asynccontextmanager
async def hub_of(amqp_url: str, redis_url: str, management_url: str, folder: Path) -> AsyncIterator[Hub]:
    """A hub on these, with nothing started yet; all it started is ended."""
    environment = os.environ | {
        "MIH_AMQP_URL": amqp_url,
        "MIH_REDIS_URL": redis_url,
        "MIH_MANAGEMENT_URL": management_url,
        "MIH_DATABASE_URL": f"sqlite:///{folder}/mih.db",
        "MIH_STATE_DIR": str(folder),
        "MIH_ALLOWED_NETWORKS": "127.0.0.0/8",
        "MIH_LOG_FORMAT": "json",
    }
    hub = Hub(environment, folder)
    try:
        yield hub
    finally:
        for role in list(hub.processes):
            await hub.kill(role)


async def publish_orders(hub: Hub, service: Service, count: int, ahead: int = 50) -> None:
    """Publish so that the road is never empty and never done: each order follows when all but `ahead` arrived."""
    connection = await aio_pika.connect(hub.environment["MIH_AMQP_URL"])
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange("mih.events", ensure=False)
        for number in range(count):
            await until(lambda: len(service.numbers()) >= number - ahead, f"order {number} may follow")  # noqa: B023 - awaited in its turn
            await exchange.publish(aio_pika.Message(orjson.dumps(order(number))), "order")


def order(number: int) -> dict[str, Any]:
    """A CloudEvent that its number tells from all others."""
    return {
        "specversion": "1.0",
        "id": f"order-{number}",
        "source": "shop",
        "type": "shop.order",
        "data": {"number": number},
    }


def registry_for(url: str, *, retry: str = "{backoff: 1s}", more: str = "") -> str:
    """One service that hears of every order."""
    return f"""
version: 1
services:
  till: {{transport: rest, url: "{url}", timeout: 5s, retry: {retry}}}
rules:
  orders: {{event: shop.order, service: till, send: {{path: /orders}}, payload: '{{{{data}}}}'}}
{more}
"""
