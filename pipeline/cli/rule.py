"""`mih rule stop|start RULE`: a rule that makes no deliveries, and whose deliveries on the way end."""

from typing import Annotated

import typer

from pipeline.cli.in_force import rules_in_force
from pipeline.cli.word import Who, Why, say, spoken, take_back, tell
from pipeline.registry import Kind
from pipeline.settings import load_settings

_Rule = Annotated[str, typer.Argument(help="The rule's name.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="Stop a rule, and start it again.", no_args_is_help=True)
    commands.command()(stop)
    commands.command()(start)
    app.add_typer(commands, name="rule", rich_help_panel="Mend")


def stop(rule: _Rule, *, why: Why, who: Who = "") -> None:
    """End a rule's deliveries, those on the way too: each dies at its next attempt, to be replayed or discarded."""
    settings = load_settings()
    earlier = say(settings, spoken(Kind.STOPPED, rule, why=why, who=who), known=rules_in_force(settings))
    if earlier:
        tell(f"{rule} was stopped already, {earlier}")
    tell(f"{rule} is stopped: its deliveries die at their next attempt until `mih rule start {rule}`.")


def start(rule: _Rule) -> None:
    """Let a stopped rule deliver again; what died meanwhile stays dead until it is replayed."""
    settings = load_settings()
    earlier = take_back(settings, Kind.STOPPED, rule, known=rules_in_force(settings))
    if earlier:
        tell(f"{rule} goes on. It was stopped {earlier}")
    else:
        tell(f"{rule} was not stopped.")
