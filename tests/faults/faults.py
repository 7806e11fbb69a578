"""`make faults`: break everything that can break under the hub, and show that nothing is lost and nothing stalls.

faults.py                          every scenario
faults.py --only 'broker killed'   one of them (again and again: --only)
faults.py --seed 7 --json          other moments, for a program to read
"""

import asyncio
import json
import logging
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from laboratory import Report, run
from report_table import row, table, write_page
from rich.console import Console
from rich.markup import escape
from scenarios import SCENARIOS
from world import running_servers

from pipeline.errors import Unavailable

#: Where what the roles wrote is kept, of scenarios that failed.
_LOGS = Path(".faults")
#: Of the table, also where it is written to a file.
_WIDTH = 140


def main(
    *,
    only: Annotated[list[str] | None, typer.Option(help="A scenario by its name.")] = None,
    seed: Annotated[int, typer.Option(help="What is random follows from it.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    page: Annotated[bool, typer.Option("--page", help="Write the table into docs/reliability.md, too.")] = False,
) -> None:
    """Run the laboratory; exit with 1 unless nothing was lost, nothing stalled, duplicates within their bound."""
    named = {scenario.name: scenario for scenario in SCENARIOS}
    for name in only or ():
        if name not in named:
            nearest = get_close_matches(name, named, 1, 0) or ["…"]
            raise typer.BadParameter(f"no scenario {name!r}; the nearest is {nearest[0]!r}")
    if page and only:
        raise typer.BadParameter("the page has every scenario: --page goes without --only")
    # The client libraries tell of every connection that is broken here on purpose.
    logging.disable()
    console = Console(stderr=True)
    reports: list[Report] = []
    with running_servers() as servers:
        for name in only or named:
            console.print(f"{escape(name)} …", end=" ")
            try:
                reports.append(asyncio.run(run(named[name], servers, seed)))
            except Unavailable as missing:
                console.print(f"not run: {missing}", markup=False)
                continue
            console.print(*_told(reports[-1]), sep="\n  ", markup=False)
            _keep_logs(reports[-1])
    if as_json:
        sys.stdout.write(json.dumps([row(report) for report in reports], indent=2) + "\n")
    else:
        Console(width=max(Console().width, _WIDTH)).print(table(reports))
    if page:
        write_page(reports)
    sys.exit(any(any(report.failures()) and not report.scenario.known for report in reports))


def _told(report: Report) -> list[str]:
    failures = list(report.failures())
    if not failures:
        return [f"well, {report.seconds:.0f} s"]
    return [f"known: {report.scenario.known}" if report.scenario.known else "FAILED", *failures]


def _keep_logs(report: Report) -> None:
    if any(report.failures()):
        _LOGS.mkdir(exist_ok=True)
        (_LOGS / f"{report.scenario.name.replace(' ', '-')}-{report.seed}.log").write_text(report.logs)


if __name__ == "__main__":
    typer.run(main)
