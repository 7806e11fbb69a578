"""The table of all reports: for a terminal, for a program, and for docs/reliability.md."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from laboratory import Report
from rich.markup import escape
from rich.table import Table

_COLUMNS = ("scenario", "events", "faults", "delivered", "dead", "waiting", "duplicates", "lost", "stalled", "seconds")
_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs" / "reliability.md"
#: What lies between these lines of the page is generated.
_GENERATED = re.compile(r"(<!-- made by make faults -->\n).*(<!-- end -->)", re.DOTALL)


Row = dict[str, Any]


def row(report: Report) -> Row:
    """One line of the table."""
    scenario, verdict = report.scenario, report.verdict
    return {
        "scenario": scenario.name,
        "seed": report.seed,
        "events": scenario.events,
        "faults": len(scenario.faults) * scenario.times,
        "delivered": verdict.delivered,
        "filtered": verdict.filtered,
        "dead": verdict.dead,
        "waiting": verdict.waiting,
        "duplicates": verdict.duplicates,
        "at_most": scenario.repeats,
        "lost": len(verdict.lost),
        "stalled": len(verdict.stalled),
        "seconds": round(report.seconds),
        "failures": list(report.failures()),
        "known": scenario.known,
    }


def table(rows: Iterable[Row]) -> Table:
    shown = Table(*_COLUMNS)
    for one in rows:
        colour = ("yellow" if one["known"] else "red") if one["failures"] else None
        shown.add_row(*map(escape, _cells(one)), style=colour)
    return shown


def write_page(rows: Iterable[Row]) -> None:
    """Put the table into the page, with the commit that it was made on."""
    text = _PAGE.read_text()
    made = "\n".join(_markdown(list(rows)))
    _PAGE.write_text(_GENERATED.sub(lambda found: f"{found[1]}{made}\n{found[2]}", text))


def _markdown(rows: list[Row]) -> Iterator[str]:
    yield f"Made on commit {_commit()}, with seed {rows[0]['seed']}.\n"
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"|---{'|---:' * (len(_COLUMNS) - 1)}|"
    for one in rows:
        yield f"| {' | '.join(_cells(one))} |"
    for one in rows:
        if one["known"] and one["failures"]:
            yield f"\n**Known, {one['scenario']}:** {one['known']}"


def _cells(one: Row) -> list[str]:
    shown = one | {"duplicates": f"{one['duplicates']} (at most {one['at_most']})"}
    return [str(shown[column]) for column in _COLUMNS]


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "pipeline", "topology")
    return f"`{git('rev-parse', '--short', 'HEAD')}`{' and changes since' if changed else ''}"
