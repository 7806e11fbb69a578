"""`mih router`."""

import typer

from pipeline.catalogue import counting
from pipeline.cli.followed import followed_registry
from pipeline.cli.stage import Stage, run_stage
from pipeline.router import run_router


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("router", rich_help_panel="Run")(router)


def router() -> None:
    """Run a router: matches rules, renders templates, makes a delivery per matching rule."""

    async def run(stage: Stage) -> None:
        database = stage.settings.effective_database_url()
        async with followed_registry(stage.settings) as current, counting(database) as sightings:
            await run_router(stage.settings, current, sightings.note, stopping=stage.stopping)

    run_stage("router", run)
