"""`mih sender TRANSPORT`."""

from typing import Annotated

import typer

from pipeline.attempt.transports import KINDS
from pipeline.cli.followed import followed_registry
from pipeline.cli.stage import Stage, run_stage
from pipeline.errors import Misconfigured
from pipeline.senders import run_sender


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sender", rich_help_panel="Run")(sender)


def sender(transport: Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")]) -> None:
    """Run a sender: delivers to every service of its transport. Run as many as wanted."""
    if transport not in KINDS:
        raise Misconfigured(f"unknown transport {transport!r}, expected {' or '.join(KINDS)}")

    async def run(stage: Stage) -> None:
        async with followed_registry(stage.settings) as current, stage.shared() as shared:
            await run_sender(stage.settings, transport, current, shared, stopping=stage.stopping)

    run_stage(f"sender {transport}", run)
