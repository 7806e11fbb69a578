"""`mih up [FILE…]`: the whole hub in one terminal, on a private RabbitMQ and Redis where none is named."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from pipeline.attempt.transports import KINDS
from pipeline.cli.apply import apply_files
from pipeline.cli.output import console
from pipeline.cli.topology import topology_in_force
from pipeline.database import create_database
from pipeline.embedded import Backing, Child, backing, prefixed, supervise
from pipeline.errors import Misconfigured
from pipeline.settings import (
    HUB_FILE,
    LAST_PORT,
    Settings,
    load_settings,
    load_settings_with_sources,
    redacted,
    variable,
)
from topology.declare import declare

#: The folder of the private RabbitMQ's and Redis's data, in the state folder.
_DATA = "embedded"
#: In the order of the road.
_ROLES = ("ingest", "router", *(f"sender {kind}" for kind in KINDS), "recorder", "suspect")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up", rich_help_panel="Run")(up)


def up(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Registry files to apply first, or folders of them.")
    ] = None,
) -> None:
    """Run the whole hub in this terminal until Ctrl-C: every stage, and RabbitMQ and Redis where none is named."""
    settings, sources = load_settings_with_sources()
    health_doors(settings.health_address, len(_ROLES))
    console.print("starting …")
    with backing(settings, sources, folder=settings.state_dir / _DATA) as found:
        environment = environment_on(found, settings)
        settings, children = load_settings(environment), stages(environment)
        with known_to_other_terminals(settings):
            create_database(settings.effective_database_url())
            declare(settings.amqp_url, topology_in_force(settings))
            if files:
                _, revision = asyncio.run(apply_files(settings, files))
                console.print(f"revision {revision} of the registry is in force")
            _tell(found, settings, children)
            announce = prefixed([child.name for child in children], console)
            failed = asyncio.run(run_until_told(children, announce))
    raise typer.Exit(failed)


def environment_on(found: Backing, settings: Settings) -> dict[str, str]:
    """What a child's environment says, so that it runs on this RabbitMQ and Redis and this database."""
    pinned = {
        "amqp_url": found.amqp_url,
        "management_url": found.management_url,
        "redis_url": found.redis_url,
        "database_url": settings.effective_database_url(),
        "state_dir": str(settings.state_dir),
        # A child writes into a pipe: what is at its end decides.
        "log_format": "console" if settings.log_format == "auto" and sys.stdout.isatty() else settings.log_format,
    }
    return {**os.environ, **{variable(field): value for field, value in pinned.items()}}


def stages(environment: Mapping[str, str]) -> list[Child]:
    """Every role, in the order of the road; they are stopped in this order too."""
    doors = health_doors(environment.get(variable("health_address"), ""), len(_ROLES))
    return [
        Child(
            role.replace(" ", "-"),
            [sys.executable, "-m", "pipeline.cli", *role.split()],
            {**environment, variable("health_address"): door},
        )
        for role, door in zip(_ROLES, doors, strict=True)
    ]


def health_doors(address: str, count: int) -> list[str]:
    """Where each of so many roles can be asked: at the port named and those that follow, for one serves one process.

    Raises Misconfigured where there are not so many.
    """
    host, _, port = address.rpartition(":")
    if not (address and int(port)):
        return [address] * count
    last = int(port) + count - 1
    if last > LAST_PORT:
        raise Misconfigured(
            f"MIH_HEALTH_ADDRESS: {count} roles take the ports from {port} to {last}, expected at most {LAST_PORT}"
        )
    return [f"{host}:{number}" for number in range(int(port), last + 1)]


async def run_until_told(children: Sequence[Child], announce: Callable[[str, str], None]) -> int:
    """Keep the children running until SIGTERM or Ctrl-C; 1 when one had to be killed at the end."""
    stopping = asyncio.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, stopping.set)
    return await supervise(children, stopping=stopping, announce=announce)


@contextmanager
def known_to_other_terminals(settings: Settings) -> Iterator[None]:
    """Leave what they must agree on in the state folder, readable by its owner only: addresses hold passwords."""
    path = settings.state_dir / HUB_FILE
    known = {
        "pid": os.getpid(),
        "amqp_url": settings.amqp_url,
        "management_url": settings.management_url,
        "redis_url": settings.redis_url,
        "database_url": settings.database_url,
        "allowed_networks": ",".join(map(str, settings.allowed_networks)),
    }
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(known, file)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _tell(found: Backing, settings: Settings, children: Sequence[Child]) -> None:
    console.print(found.rabbitmq_told)
    console.print(found.redis_told)
    console.print(
        f"RabbitMQ's management UI: {redacted(found.management_url)}, password in {settings.state_dir / HUB_FILE}",
        soft_wrap=True,
    )
    doors = [(child.name, (child.environment or {}).get(variable("health_address"), "")) for child in children]
    if doors[0][1] != doors[-1][1]:
        console.print(f"/readyz and /metrics: {', '.join(f'{name} at {door}' for name, door in doors)}", soft_wrap=True)
    console.print("the hub is up; Ctrl-C stops it\n")
