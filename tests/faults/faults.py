"""`make faults`: break everything that can break under the hub, and show that nothing is lost and nothing stalls.

faults.py                          every scenario
faults.py --only 'broker killed'   one of them (again and again: --only)
faults.py --seed 7 --json          other moments, for a program to read
faults.py --jobs 2                 two at a time, each on servers of its own
"""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from subprocess import PIPE
from typing import Annotated

import typer
from laboratory import Report, run
from report_table import Row, row, table, write_page
from rich.console import Console
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
    jobs: Annotated[int, typer.Option(help="So many at a time; each takes half a processor.")] = 1,
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
    names = list(only or named)
    rows = _shared_out(names, seed, jobs) if jobs > 1 else _one_after_the_other(names, seed)
    rows.sort(key=lambda one: names.index(one["scenario"]))
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    else:
        Console(width=max(Console().width, _WIDTH)).print(table(rows))
    if page:
        write_page(rows)
    sys.exit(any(one["failures"] and not one["known"] for one in rows))


def _one_after_the_other(names: Iterable[str], seed: int) -> list[Row]:
    named = {scenario.name: scenario for scenario in SCENARIOS}
    console, rows = Console(stderr=True), []
    with running_servers() as servers:
        for name in names:
            try:
                report = asyncio.run(run(named[name], servers, seed))
            except Unavailable as missing:
                console.print(f"{name} … not run: {missing}", markup=False)
                continue
            # In one piece: others may tell of theirs at the same time.
            console.print(f"{name} … " + "\n  ".join(_told(report)), markup=False)
            _keep_logs(report)
            rows.append(row(report))
    return rows


def _shared_out(names: Sequence[str], seed: int, jobs: int) -> list[Row]:
    """Run each share in a process of its own, which has servers of its own."""
    program = (sys.executable, __file__, "--json", "--seed", str(seed))
    shares = [
        subprocess.Popen([*program, *(word for name in names[job::jobs] for word in ("--only", name))], stdout=PIPE)
        for job in range(min(jobs, len(names)))
    ]
    told = [share.communicate()[0] for share in shares]
    return [one for share in told for one in json.loads(share or "[]")]


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
