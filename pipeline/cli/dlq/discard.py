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
from pipeline.cli.dlq.places import Place, difference, places_of
from pipeline.cli.dlq.selected import (
    NONE_KNOWN,
    OfService,
    OlderThan,
    WithFingerprint,
    WithId,
    WithReason,
    check_place,
    selection_of,
)
from pipeline.cli.dlq.walking import Passed, Walking, ending, places_meant, say, walking
from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.output import AsJson, print_json
from pipeline.dead_index import DeadIndex, Group, Selection, read_letter
from pipeline.dlq import Decision, Drop, Journal, Keep, chosen_by, open_journal, write_line
from pipeline.errors import Misconfigured, Unreadable
from pipeline.settings import Settings, load_settings
from topology import names
from topology.depths import read_depths

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
    if places and not yes:
        _ask(groups, places)
    passed = asyncio.run(_discard(settings, selection, places, keeps=not no_export, show=not as_json))
    if as_json:
        print_json([_row(one, file) for one, file in passed])
    else:
        say(*[line for one, file in passed for line in _told(one, file)] or [NONE_KNOWN])
    if not all(one.is_done for one, _ in passed):
        raise typer.Exit(1)


async def _meant(settings: Settings, selection: Selection, slugs: Sequence[str]) -> tuple[list[Place], list[Group]]:
    async with DeadIndex.open(settings.effective_database_url()) as index:
        counts = await index.counts()
        check_place(selection.place, [*slugs, *counts], settings.amqp_url)
        meant = await places_meant(settings, selection, index, slugs)
        depths = await asyncio.to_thread(read_depths, settings.amqp_url, [*map(names.dead_letters_at, meant)])
        return places_of(meant, counts, depths), await index.groups(selection)


def _ask(groups: Sequence[Group], places: Sequence[Place]) -> None:
    for group in groups[:_TOLD]:
        say(f"{group.letters:>9,}  {group.place}  {group.fingerprint}  {' '.join(group.reason.split())}")
    if len(groups) > _TOLD:
        say(f"and {len(groups) - _TOLD:,} more causes")
    # What is meant is taken from the queue, also where the index knows nothing of it.
    say(*filter(None, map(difference, places)))
    if not sys.stdin.isatty():
        raise Misconfigured("discard asks before it takes anything away, and here is no terminal: --yes answers it")
    count = sum(group.letters for group in groups)
    known = f"{count:,} dead letters" if groups else "what is meant, of which the index knows nothing"
    typer.confirm(f"Discard {known}?", abort=True)


async def _discard(
    settings: Settings, selection: Selection, places: Sequence[Place], *, keeps: bool, show: bool
) -> list[tuple[Passed, Path | None]]:
    async with (
        DeadIndex.open(settings.effective_database_url()) as index,
        walking(settings, index, "discard", show=show) as walks,
    ):
        passed = []
        for place in places:
            async with _journal(settings, place.place, keeps=keeps) as (journal, file):
                passed.append((await _walk(walks, place.place, selection, journal), file))
        return passed


@asynccontextmanager
async def _journal(settings: Settings, place: str, *, keeps: bool) -> AsyncIterator[tuple[Journal | None, Path | None]]:
    if not keeps:
        yield None, None
        return
    file = settings.state_dir / "discarded" / f"{place}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.jsonl"
    try:
        with open_journal(file) as journal:
            yield journal, file
    finally:
        if file.exists() and not file.stat().st_size:
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


def _told(one: Passed, file: Path | None) -> list[str]:
    if one.refused and not one.walked.met:
        return [f"{one.place}: nothing is discarded, {one.refused}"]
    told = [f"{one.place}: {one.walked.dropped:,} of {one.walked.depth:,} dead letters are discarded."]
    if file and one.walked.dropped:
        told.append(f"  a copy is in {file}, `mih dlq import` reads it")
    return told + ending(one)
