"""The demo from its start to its end: a folder, RabbitMQ and Redis, the services, the registry; then it is played."""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr, suppress
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import IO

from rich.console import Console

from pipeline.attempt.transports import SCHEMAS
from pipeline.cli.apply import apply_files
from pipeline.cli.demo.account import Account
from pipeline.cli.demo.broker import declare_exchange, forget_services, refuse_if_used
from pipeline.cli.demo.evidence import Evidence
from pipeline.cli.demo.listening import Listener
from pipeline.cli.demo.performance import Performance
from pipeline.cli.demo.services import AUDIT, TRANSPORTS, local_services
from pipeline.cli.demo.surroundings import demo_environment, demo_settings
from pipeline.embedded import Backing, backing
from pipeline.logs import configure_logs
from pipeline.registry import Registry, read_paths
from pipeline.settings import Settings, load_settings
from topology.errors import BrokerAway


@dataclass(frozen=True, slots=True)
class Played:
    """How a demo ended: its account and, where that does not agree, the log of its stages."""

    account: Account
    log: Path | None


def play(console: Console) -> Played:
    """Run the demo, and leave nothing behind but the log of one that failed.

    Raises Unavailable, Misconfigured and TopologyError when it cannot begin.
    """
    folder = Path(tempfile.mkdtemp(prefix="mih-demo-"))
    log = folder / "log"
    is_kept = False
    try:
        settings, sources = demo_settings(os.environ, folder)
        console.print("starting RabbitMQ and Redis …", style="dim")
        with backing(settings, sources, folder=None) as found, log.open("w", buffering=1) as opened:
            console.print(f"{found.rabbitmq_told}\n{found.redis_told}", style="dim", highlight=False, soft_wrap=True)
            account = asyncio.run(_play_on(found, folder, opened, console))
        is_kept = not account.agrees
        return Played(account, log if is_kept else None)
    finally:
        if not is_kept:
            shutil.rmtree(folder, ignore_errors=True)


async def _play_on(found: Backing, folder: Path, log: IO[str], console: Console) -> Account:
    """All that happens while RabbitMQ and Redis run."""
    await asyncio.to_thread(refuse_if_used, found.amqp_url)
    seen = Evidence(services=TRANSPORTS)
    async with _nothing_left_behind(found.amqp_url), local_services(seen, found.amqp_url) as services:
        environment = demo_environment(os.environ, found, folder, services.references)
        settings = load_settings(environment)
        # What this process logs must not tear the picture.
        with redirect_stderr(log):
            configure_logs(settings, "demo")
        source = f"mih-demo-{secrets.token_hex(4)}"
        listener = Listener(source, await _applied(settings), seen, log)
        return await Performance(settings, environment, listener, services).watched(console)


@asynccontextmanager
async def _nothing_left_behind(amqp_url: str) -> AsyncIterator[None]:
    """Begin with empty queues, and leave neither queue nor exchange: the broker may be somebody's."""
    await asyncio.to_thread(forget_services, amqp_url, TRANSPORTS)
    await asyncio.to_thread(declare_exchange, amqp_url, AUDIT)
    try:
        yield
    finally:
        # A broker that is gone needs no tidying, and what it did is still to be told.
        with suppress(BrokerAway):
            await asyncio.to_thread(forget_services, amqp_url, TRANSPORTS)


async def _applied(settings: Settings) -> Registry:
    """Put the example registry in force."""
    with as_file(files(__package__) / "registry.yaml") as file:
        await apply_files(settings, [file])
        return read_paths([file], SCHEMAS).registry
