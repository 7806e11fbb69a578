"""`mih status`: what waits where, how the services stand, and what is wrong, at a glance."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from pipeline.cli.output import AsJson, console, print_json
from pipeline.cli.status.facts import Facts
from pipeline.cli.status.judge import Trouble, troubles
from pipeline.cli.status.read import read
from pipeline.cli.status.show import shown
from pipeline.cli.status.watch import in_place, one_below_the_other
from pipeline.settings import Settings, load_settings

_Watch = Annotated[bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.")]
_Seconds = Annotated[
    float | None,
    typer.Argument(metavar="[SECONDS]", min=0.1, max=86_400, help="With --watch: so long between two looks; 2."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", rich_help_panel="Look")(status)


def status(seconds: _Seconds = None, *, watch: _Watch = False, as_json: AsJson = False) -> None:
    """Show what waits where, how the services stand, and what is wrong; exits with 1 when anything is."""
    if seconds is not None and not watch:
        raise typer.BadParameter("expected --watch before it", param_hint="SECONDS")
    settings = load_settings()
    if not watch:
        raise typer.Exit(1 if _tell(settings, as_json=as_json) else 0)
    every_s = 2.0 if seconds is None else seconds
    if console.is_terminal and not as_json:
        in_place(lambda: shown(*_look(settings), height=console.height), every_s)
    else:
        one_below_the_other(lambda: _tell(settings, as_json=as_json), every_s)


def _look(settings: Settings) -> tuple[Facts, Sequence[Trouble]]:
    facts = asyncio.run(read(settings))
    return facts, troubles(facts)


def _tell(settings: Settings, *, as_json: bool) -> Sequence[Trouble]:
    """Print everything; gives what is wrong."""
    facts, wrong = _look(settings)
    if as_json:
        print_json(_as_json(facts, wrong))
    else:
        console.print(shown(facts, wrong))
    # Who reads on through a pipe waits for it.
    sys.stdout.flush()
    return wrong


def _as_json(facts: Facts, wrong: Sequence[Trouble]) -> dict[str, Any]:
    away = {source.value: told for source, told in facts.away.items()}
    return {**asdict(facts), "away": away, "trouble": wrong}
