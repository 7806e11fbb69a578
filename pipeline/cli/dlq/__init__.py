"""`mih dlq …`: what died, one file per command."""

import typer

from pipeline.cli.dlq.discard import discard
from pipeline.cli.dlq.export import export
from pipeline.cli.dlq.import_ import import_letters
from pipeline.cli.dlq.list import list_letters
from pipeline.cli.dlq.replay import replay
from pipeline.cli.dlq.show import show


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="What died, and its way back.", no_args_is_help=True)
    commands.callback()(lambda: None)
    commands.command("list")(list_letters)
    commands.command()(show)
    commands.command()(replay)
    commands.command()(discard)
    commands.command()(export)
    commands.command("import")(import_letters)
    app.add_typer(commands, name="dlq", rich_help_panel="Mend")
