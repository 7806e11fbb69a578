"""`mih apply FILE…`: queues first, then the revision, then the word to all processes.

A crash between the steps harms nobody: a queue that nothing sends to yet, or a revision that processes find by polling.
"""

import asyncio
import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.broker import announce, open_session
from pipeline.cli.output import AsJson, console, print_json
from pipeline.cli.revise import Planned, plan_files, show_planned
from pipeline.registry import RevisionStore
from pipeline.settings import Settings, load_settings
from topology.declare import declare, unbind_service
from topology.entities import topology_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("apply", rich_help_panel="Registry")(apply)


def apply(
    files: Annotated[list[Path], typer.Argument(help="Registry files, or folders of them.")], *, as_json: AsJson = False
) -> None:
    """Put registry files in force: the services and rules in them, and no others."""
    planned, revision = asyncio.run(apply_files(load_settings(), files))
    if as_json:
        print_json({**planned.as_mapping(), "revision": revision})
        return
    show_planned(planned)
    console.print(f"Revision {revision} is in force.")


async def apply_files(settings: Settings, files: list[Path]) -> tuple[Planned, int]:
    """Put the files in force; the number is the old one when they say nothing new.

    Raises Misconfigured with every error in them, Unavailable and TopologyError.
    """
    async with RevisionStore.open(settings.effective_database_url()) as store:
        planned = await plan_files(store, files, settings)
        services: dict[str, Any] = dict(planned.reading.document.get("services") or {})
        await asyncio.to_thread(declare, settings.amqp_url, topology_of(services))
        revision = await store.append(
            planned.reading.document, by=_who(), at=datetime.now(UTC), expected_base=planned.base
        )
        # After the revision: before it, a router could still send to what was unbound.
        for change in planned.changes:
            if (change.action, change.kind) == ("removed", "service"):
                await asyncio.to_thread(unbind_service, settings.amqp_url, change.name)
    async with open_session(settings.amqp_url, "apply") as session:
        await announce(session, revision)
    return planned, revision


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
