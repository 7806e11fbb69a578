"""`mih recorder`."""

import typer

from pipeline.cli.stage import Stage, run_stage
from pipeline.recorder import run_recorder


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("recorder", rich_help_panel="Run")(recorder)


def recorder() -> None:
    """Run a recorder: writes what died into the index that `mih dlq` looks things up in."""

    async def run(stage: Stage) -> None:
        await run_recorder(stage.settings, stopping=stage.stopping)

    run_stage("recorder", run)
