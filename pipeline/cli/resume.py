"""`mih resume SERVICE`: ends a pause, whoever said it, and whatever for."""

from typing import Annotated

import typer

from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.word import take_back, tell
from pipeline.registry import Kind
from pipeline.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("resume", rich_help_panel="Mend")(resume)


def resume(service: Annotated[str, typer.Argument(help="The service that was paused.")]) -> None:
    """Send a paused service its deliveries again; also one that MIH itself paused, as forbidden or gone."""
    settings = load_settings()
    earlier = take_back(settings, Kind.PAUSED, service, known=slugs_in_force(settings))
    if earlier:
        tell(f"{service} goes on. It was paused {earlier}")
    else:
        tell(f"{service} was not paused.")
