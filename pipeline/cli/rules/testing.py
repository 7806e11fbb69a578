"""`mih rules test FILE…`: the tests that stand beside the rules; needs nothing but the files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated

import typer

from pipeline import exact_json
from pipeline.cli.output import AsJson, console, print_json
from pipeline.cli.rules.lines import line, mark
from pipeline.cli.rules.reading import read_files
from pipeline.errors import Misconfigured, Unreadable
from pipeline.event import Event
from pipeline.ingest import sample_event
from pipeline.registry import Finding, RegistryErrors
from pipeline.rules.trial import Mismatch, Trial, judge

#: Differences of one request that are told.
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """A test that was run, and what was not as it expects."""

    test: str
    file: str
    line: int
    passed: bool
    mismatches: Sequence[Mismatch]


def run_tests(
    files: Annotated[list[Path], typer.Argument(help="Registry files, or folders of them.")], *, as_json: AsJson = False
) -> None:
    """Run the tests of registry files: given this event, exactly these requests; 1 when any fails."""
    # No guard: where requests may go is a matter of the machine that sends them.
    reading = read_files(files)
    if not reading.tests:
        raise Misconfigured(
            f"{', '.join(map(str, files))}: no tests found; they stand beside the rules, for example:\n"
            "tests:\n  a-student-reaches-the-erp:\n    event: events/enrolment.json\n    expect: [{rule: …, path: …}]"
        )
    events, registry = _events(reading.tests), reading.registry
    judged = [
        _judged(trial, judge(trial, event, registry.rules, registry.index))
        for trial, event in zip(reading.tests, events, strict=True)
    ]
    _show(judged, as_json=as_json)
    if not all(one.passed for one in judged):
        raise typer.Exit(1)


def _events(trials: Iterable[Trial]) -> list[Event]:
    """The event of each test; raises RegistryErrors with all that cannot be read."""
    events: list[Event] = []
    findings: list[Finding] = []
    for trial in trials:
        try:
            events.append(sample_event(_body(trial)))
        except OSError as failed:
            findings.append(_finding(trial, f"{trial.event} cannot be read: {failed.strerror}"))
        except ValueError:
            findings.append(_finding(trial, "found a character that no file's name has, expected a file that holds it"))
        except Unreadable as why:
            file = f"{trial.event}: " if isinstance(trial.event, PurePath) else ""
            findings.append(_finding(trial, f"{file}{why}"))
    if findings:
        raise RegistryErrors(findings)
    return events


def _body(trial: Trial) -> bytes:
    return Path(trial.event).read_bytes() if isinstance(trial.event, PurePath) else exact_json.dumps(trial.event)


def _finding(trial: Trial, message: str) -> Finding:
    return Finding(trial.file, trial.event_line, ("tests", trial.name, "event"), message)


def _judged(trial: Trial, mismatches: Sequence[Mismatch]) -> Judged:
    return Judged(trial.name, trial.file, trial.line, not mismatches, mismatches)


def _show(judged: Sequence[Judged], *, as_json: bool) -> None:
    passed = sum(one.passed for one in judged)
    if as_json:
        print_json({"tests": judged, "passed": passed, "failed": len(judged) - passed})
        return
    for one in judged:
        _show_one(one)
    failed = f", {len(judged) - passed} failed" if passed < len(judged) else ""
    console.print(f"{len(judged)} test{'s'[: len(judged) != 1]}: {passed} passed{failed}.", highlight=False)


def _show_one(one: Judged) -> None:
    place = () if one.passed else (f"({one.file}:{one.line})",)
    line(mark(good=one.passed), one.test, *place)
    for mismatch in one.mismatches:
        line(mismatch.what, level=2)
        for difference in mismatch.differences[:_TOLD]:
            line(str(difference), level=3)
        if len(mismatch.differences) > _TOLD:
            line(f"and {len(mismatch.differences) - _TOLD} more differences", level=3)
