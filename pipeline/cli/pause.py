"""`mih pause SERVICE`: its deliveries wait in its queue until `mih resume`."""

from typing import Annotated

import typer

from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.word import Who, Why, say, spoken, tell
from pipeline.registry import Kind
from pipeline.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("pause", rich_help_panel="Mend")(pause)


def pause(
    service: Annotated[str, typer.Argument(help="The service that nothing shall be sent to.")],
    *,
    why: Why,
    who: Who = "",
) -> None:
    """Send a service nothing until it is resumed: its deliveries wait in its queue and lose no attempt."""
    settings = load_settings()
    earlier = say(settings, spoken(Kind.PAUSED, service, why=why, who=who), known=slugs_in_force(settings))
    if earlier:
        tell(f"{service} was paused already, {earlier}")
    tell(f"{service} is paused: its deliveries wait until `mih resume {service}`.")
