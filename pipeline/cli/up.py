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
from pipeline.embedded import Backing, Child, backing, prefixed, supervise
from pipeline.settings import HUB_FILE, Settings, load_settings, load_settings_with_sources, redacted, variable
from topology.declare import declare

#: The folder of the private RabbitMQ's and Redis's data, in the state folder.
_DATA = "embedded"


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
    console.print("starting …")
    with backing(settings, sources, folder=settings.state_dir / _DATA) as found:
        environment = environment_on(found, settings)
        settings = load_settings(environment)
        with known_to_other_terminals(settings):
            declare(settings.amqp_url, topology_in_force(settings))
            if files:
                _, revision = asyncio.run(apply_files(settings, files))
                console.print(f"revision {revision} of the registry is in force")
            _tell(found, settings)
            announce = prefixed([child.name for child in stages(environment)], console)
            failed = asyncio.run(run_until_told(stages(environment), announce))
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
    roles = ["ingest", "router", *(f"sender {kind}" for kind in KINDS), "recorder", "suspect"]
    return [
        Child(role.replace(" ", "-"), [sys.executable, "-m", "pipeline.cli", *role.split()], environment)
        for role in roles
    ]


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


def _tell(found: Backing, settings: Settings) -> None:
    console.print(found.rabbitmq_told)
    console.print(found.redis_told)
    console.print(
        f"RabbitMQ's management UI: {redacted(found.management_url)}, password in {settings.state_dir / HUB_FILE}",
        soft_wrap=True,
    )
    console.print("the hub is up; Ctrl-C stops it\n")
