"""`mih ingest`."""

import typer

from pipeline.cli.stage import Stage, run_stage
from pipeline.ingest import run_ingest


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ingest", rich_help_panel="Run")(ingest)


def ingest() -> None:
    """Run an ingest: reads what is published to mih.events, drops repeats, hands on Events."""

    async def run(stage: Stage) -> None:
        async with stage.shared() as shared:
            await run_ingest(stage.settings, shared, stopping=stage.stopping)

    run_stage("ingest", run)
