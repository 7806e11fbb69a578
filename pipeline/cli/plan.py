"""`mih plan FILE…`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.output import AsJson, print_json
from pipeline.cli.revise import Planned, plan_files, show_planned
from pipeline.registry import RevisionStore
from pipeline.settings import Settings, load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan", rich_help_panel="Registry")(plan)


def plan(
    files: Annotated[list[Path], typer.Argument(help="Registry files, or folders of them.")], *, as_json: AsJson = False
) -> None:
    """Check registry files and show what `mih apply` would change; changes nothing."""
    planned = asyncio.run(_planned(load_settings(), files))
    if as_json:
        print_json(planned.as_mapping())
    else:
        show_planned(planned)


async def _planned(settings: Settings, files: list[Path]) -> Planned:
    async with RevisionStore.open(settings.effective_database_url()) as store:
        return await plan_files(store, files, settings)
