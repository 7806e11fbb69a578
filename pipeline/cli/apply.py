"""`mih apply FILE…`: queues first, then the revision, then the bindings of what was removed, then the word to all.

A crash between the steps harms nobody: a queue that nothing sends to yet, a revision that processes find by polling, a
removed service whose queue still takes what comes for it, until the next apply unbinds it.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.output import AsJson, console, print_json
from pipeline.cli.revise import Planned, plan_files, show_planned
from pipeline.cli.word import login, tell_all
from pipeline.database import create_database
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
        await asyncio.to_thread(declare, settings.amqp_url, topology_of(_slugs(planned.reading.document)))
        create_database(settings.effective_database_url())
        revision = await store.append(
            planned.reading.document, by=login(), at=datetime.now(UTC), expected_base=planned.base
        )
        await _unbind_removed(store, settings.amqp_url)
    # Who is not told finds it by looking; that is no reason to fail, for it is in force.
    await tell_all(settings.amqp_url, f"revision {revision}")
    return planned, revision


async def _unbind_removed(store: RevisionStore, amqp_url: str) -> None:
    """Unbind what the newest revision removed; asked of the store and not of our own plan.

    So an apply that crashed before this is made good by the next, and one that is late does not unbind what somebody
    else has brought back meanwhile: what the newest revision has is declared once more at the end.
    """
    newest = await store.latest_number()
    if newest > 1:
        before, now = _slugs(await store.load(newest - 1)), _slugs(await store.load(newest))
        for slug in sorted(before - now):
            await asyncio.to_thread(unbind_service, amqp_url, slug)
        newest = await store.latest_number()
        await asyncio.to_thread(declare, amqp_url, topology_of(sorted(_slugs(await store.load(newest)))))


def _slugs(document: Mapping[str, Any]) -> set[str]:
    return set(document.get("services") or {})
