"""`mih rules …`: what the rules make of an event, asked before it happens."""

import typer

from pipeline.cli.rules.testing import run_tests
from pipeline.cli.rules.trying import try_rule


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="What the rules make of an event, asked before it happens.", no_args_is_help=True)
    commands.command("try")(try_rule)
    commands.command("test")(run_tests)
    app.add_typer(commands, name="rules", rich_help_panel="Registry")
