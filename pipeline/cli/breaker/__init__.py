"""`mih breaker …`: how the breakers stand, and a person's hand on them."""

import typer

from pipeline.cli.breaker.force import close, open_, reset
from pipeline.cli.breaker.show import show


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="How the breakers stand, and a hand on them.", no_args_is_help=True)
    commands.command("show")(show)
    commands.command("reset")(reset)
    commands.command("open")(open_)
    commands.command("close")(close)
    app.add_typer(commands, name="breaker", rich_help_panel="Mend")
