"""`mih secrets …`: the registry's secrets, which are told of and never shown; a secret is never an argument."""

import typer

from pipeline.cli.secrets.key import key
from pipeline.cli.secrets.list import list_
from pipeline.cli.secrets.rotate import rotate
from pipeline.cli.secrets.seal import seal


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="Where secrets are, and the keys that seal them.", no_args_is_help=True)
    commands.command("list")(list_)
    commands.command("key")(key)
    commands.command("seal")(seal)
    commands.command("rotate")(rotate)
    app.add_typer(commands, name="secrets", rich_help_panel="Registry")
