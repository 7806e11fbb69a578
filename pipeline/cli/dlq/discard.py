"""`mih dlq discard`: dead letters that nobody wants any more."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.broker import Incoming
from pipeline.cli.dlq.selected import (
    OfService,
    OlderThan,
    WithFingerprint,
    WithId,
    WithReason,
    check_place,
    selection_of,
)
from pipeline.cli.dlq.walking import Passed, Walking, places_of, walking
from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.output import AsJson, console, print_json
from pipeline.dead_index import DeadIndex, Group, Selection, read_letter
from pipeline.dlq import Decision, Drop, Journal, Keep, chosen_by, open_journal, write_line
from pipeline.errors import Misconfigured, Unreadable
from pipeline.settings import Settings, load_settings

#: Causes that the question tells.
_TOLD = 10


def discard(  # noqa: PLR0913 - each is one option of the command
    *,
    service: OfService = "",
    reason: WithReason = "",
    older_than: OlderThan = "",
    letter: WithId = None,
    fingerprint: WithFingerprint = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    no_export: Annotated[bool, typer.Option("--no-export", help="Keep no copy.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take dead letters away for good: asks first, and keeps an export that `mih dlq import` reads."""
    settings = load_settings()
    selection = selection_of(service, reason, older_than, letter, fingerprint)
    if selection == Selection():
        raise Misconfigured(
            "discard takes what it is told to: --service, --reason, --older-than, --id or --fingerprint"
        )
    places, groups = asyncio.run(_meant(settings, selection, slugs_in_force(settings)))
    if not yes:
        _ask(groups, selection)
    passed = asyncio.run(_discard(settings, selection, places, keeps=not no_export, show=not as_json))
    if as_json:
        print_json([_row(one, file) for one, file in passed])
    else:
        for one, file in passed:
            _tell(one, file)
    if not all(one.is_done for one, _ in passed):
        raise typer.Exit(1)


async def _meant(settings: Settings, selection: Selection, slugs: Sequence[str]) -> tuple[list[str], list[Group]]:
    async with DeadIndex.open(settings.effective_database_url()) as index:
        check_place(selection.place or "", [*slugs, *await index.counts()])
        return await places_of(selection, index, []), await index.groups(selection)


def _ask(groups: Sequence[Group], selection: Selection) -> None:
    for group in groups[:_TOLD]:
        _say(f"{group.letters:>9,}  {group.place}  {group.fingerprint}  {' '.join(group.reason.split())}")
    if len(groups) > _TOLD:
        _say(f"and {len(groups) - _TOLD:,} more causes")
    if not sys.stdin.isatty():
        raise Misconfigured("discard asks before it takes anything away, and here is no terminal: --yes answers it")
    count = sum(group.letters for group in groups)
    known = (
        f"{count:,} dead letters" if groups else f"the dead letters of {selection.place}, of which the index knows none"
    )
    typer.confirm(f"Discard {known}?", abort=True)


async def _discard(
    settings: Settings, selection: Selection, places: Sequence[str], *, keeps: bool, show: bool
) -> list[tuple[Passed, Path | None]]:
    async with (
        DeadIndex.open(settings.effective_database_url()) as index,
        walking(settings, index, "discard", show=show) as walks,
    ):
        passed = []
        for place in places:
            async with _journal(settings, place, keeps=keeps) as (journal, file):
                passed.append((await _walk(walks, place, selection, journal), file))
        return passed


@asynccontextmanager
async def _journal(settings: Settings, place: str, *, keeps: bool) -> AsyncIterator[tuple[Journal | None, Path | None]]:
    if not keeps:
        yield None, None
        return
    file = settings.state_dir / "discarded" / f"{place}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.jsonl"
    with open_journal(file) as journal:
        yield journal, file
    if not file.stat().st_size:
        file.unlink()


async def _walk(walks: Walking, place: str, selection: Selection, journal: Journal | None) -> Passed:
    now = datetime.now(UTC)
    is_meant = await chosen_by(selection, walks.index, place, now)

    async def decide(message: Incoming) -> Decision:
        if not is_meant(message):
            return Keep()
        if journal:
            try:
                await journal.write(write_line(read_letter(message, now, place)))
            except Unreadable as too_large:
                return Keep(f"{too_large}; --no-export discards it all the same")
        return Drop()

    return await walks.over(place, decide)


def _row(one: Passed, file: Path | None) -> dict[str, object]:
    return {
        "place": one.place,
        "depth": one.walked.depth,
        "discarded": one.walked.dropped,
        "kept": one.walked.kept,
        "stayed": one.walked.stayed,
        "repeats": one.walked.repeats,
        "interrupted": one.walked.interrupted,
        "refused": one.refused or None,
        "export": str(file) if file and one.walked.dropped else None,
    }


def _tell(one: Passed, file: Path | None) -> None:
    if one.refused:
        return _say(f"{one.place}: nothing is discarded, {one.refused}")
    _say(f"{one.place}: {one.walked.dropped:,} of {one.walked.depth:,} dead letters are discarded.")
    if file and one.walked.dropped:
        _say(f"  a copy is in {file}, `mih dlq import` reads it")
    for reason, count in one.walked.stayed.items():
        _say(f"  {count:,} stay: {reason}")
    if one.walked.interrupted:
        _say("  interrupted: what it had not met is still there")
    return None


def _say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
