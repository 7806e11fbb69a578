"""`mih recorder`."""

import asyncio

import typer

from pipeline.cli.followed import followed_registry
from pipeline.cli.stage import Stage, run_stage
from pipeline.dlq import keep_limits
from pipeline.recorder import run_recorder


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("recorder", rich_help_panel="Run")(recorder)


def recorder() -> None:
    """Run a recorder: writes what died into the index that `mih dlq` looks things up in, and keeps its limits."""

    async def run(stage: Stage) -> None:
        async with followed_registry(stage.settings) as current, asyncio.TaskGroup() as group:
            group.create_task(keep_limits(stage.settings, current, stopping=stage.stopping), name="keep limits")
            await run_recorder(stage.settings, stopping=stage.stopping)

    run_stage("recorder", run)
