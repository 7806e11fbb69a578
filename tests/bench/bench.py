"""`make bench`: how fast the road is, against what carries no logic and against what people build instead.

bench.py                          all sides, on this machine, in one run
bench.py --only neighbours        what services notice of one in trouble
bench.py --only retries           whether what waits in the delay ladder comes due on time
bench.py --only recovery          how what gathered in an outage goes out
bench.py --only scaling           what more senders, services, rules and bytes change
bench.py --against main           this tree against the merge base with that branch, and nothing else
"""

import asyncio
import logging
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from base import base_of
from comparison import Say, compared, sheets
from ground import Ground, prepared_ground
from neighbours import neighbours
from page import surroundings, write_json, write_page
from plots import write_plots, write_scaling_plots
from recovery import recovery
from retries import retries
from rich.console import Console
from scaling import scaling
from sheet import Sheet, table

_WIDTH = 150
#: Of each log, where a run fails.
_LINES = 15


class Part(StrEnum):
    """What can be measured on its own."""

    COMPARISON = "comparison"
    NEIGHBOURS = "neighbours"
    SCALING = "scaling"
    RETRIES = "retries"
    RECOVERY = "recovery"


def main(  # noqa: PLR0913 - each is an option of its own
    *,
    only: Annotated[Part, typer.Option(help="Which part.")] = Part.COMPARISON,
    against: Annotated[str, typer.Option(help="A branch: only the merge base with it is the other side.")] = "",
    rounds: Annotated[int, typer.Option(help="Of each side; the median counts.", min=1)] = 5,
    waiting: Annotated[int, typer.Option(help="How many wait; 5,000 for a neighbour, else 20,000.", min=0)] = 0,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write what was found to this file, too.")] = None,
    page: Annotated[bool, typer.Option("--page", help="Write it into docs/performance.md, too.")] = False,
) -> None:
    """Run the bench."""
    if page and against:
        raise typer.BadParameter("the page shows this tree: --page goes without --against")
    logging.disable()
    progress = Console(stderr=True)
    with ExitStack() as stack:
        base = stack.enter_context(base_of(against)) if against else None

        def say(line: str) -> None:
            progress.print(line, markup=False, highlight=False)

        told, found, plots = asyncio.run(_measured(only, base, rounds, waiting, say, draws=page))
    for sheet in found:
        Console(width=max(Console().width, _WIDTH)).print(table(sheet))
    if as_json:
        write_json(as_json, told, found)
    if page:
        by = "make bench" if only is Part.COMPARISON else f"make bench ONLY={only}"
        write_page(by, told, found, plots)


async def _measured(  # noqa: PLR0913 - what was asked for, word by word
    only: Part, base: Path | None, rounds: int, waiting: int, say: Say, *, draws: bool
) -> tuple[dict[str, str], list[Sheet], list[Path]]:
    async with prepared_ground() as ground:
        try:
            told = surroundings(ground)
            if only is Part.NEIGHBOURS:
                return told, [await neighbours(ground, rounds, say, waiting=waiting or 5_000)], []
            if only is Part.RETRIES:
                return told, await retries(ground, rounds, say, waiting=waiting or 20_000), []
            if only is Part.RECOVERY:
                return told, await recovery(ground, rounds, say, waiting=waiting or 20_000), []
            if only is Part.SCALING:
                grown = await scaling(ground, rounds, say)
                return told, grown, write_scaling_plots(grown) if draws else []
            results = await compared(ground, rounds, say, base)
            return told, sheets(results), write_plots(results) if draws else []
        except Exception:
            _tell_logs(ground, say)
            raise


def _tell_logs(ground: Ground, say: Say) -> None:
    """What the processes said last, before it is gone with their folder."""
    for log in sorted(ground.folder.glob("*.log")):
        for line in log.read_text(errors="replace").splitlines()[-_LINES:]:
            say(f"{log.stem}: {line}")


if __name__ == "__main__":
    typer.run(main)
