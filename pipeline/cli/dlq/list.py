"""`mih dlq list`: what died, by cause; looked up in the index, which is compared with the queues."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline import exact_json
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
from pipeline.cli.events import ago
from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.output import AsJson, console, print_json, print_table
from pipeline.dead_index import DeadIndex, Dropped, Entry, Group, Selection
from pipeline.settings import Settings, load_settings
from pipeline.spelt import spelt
from topology import names
from topology.depth import Depth
from topology.depths import read_depths
from topology.errors import BrokerAway


@dataclass(frozen=True, slots=True)
class Listed:
    """Everything that a list says."""

    groups: Sequence[Group]
    places: Sequence[Place]
    dropped: Sequence[Dropped]
    #: Letters that wait in `mih.dead`, and recorders; None where RabbitMQ is away, with its word.
    waiting: Depth | None
    away: str


def list_letters(  # noqa: PLR0913 - each is one option of the command
    *,
    service: OfService = "",
    reason: WithReason = "",
    older_than: OlderThan = "",
    letter: WithId = None,
    fingerprint: WithFingerprint = "",
    letters: Annotated[bool, typer.Option("--letters", "--all", help="List every letter, not only causes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what died: how many letters of which cause, since when; touches no queue."""
    settings = load_settings()
    selection = selection_of(service, reason, older_than, letter, fingerprint)
    slugs = slugs_in_force(settings)
    if letters:
        asyncio.run(_print_letters(settings, selection, slugs, as_json=as_json))
        return
    listed = asyncio.run(_listed(settings, selection, slugs))
    if as_json:
        print_json({**asdict(listed), "waiting": listed.waiting and listed.waiting.ready})
        return
    _print_groups(listed.groups, datetime.now(UTC))
    for line in differences(listed):
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)


async def _listed(settings: Settings, selection: Selection, slugs: Sequence[str]) -> Listed:
    async with DeadIndex.open(settings.effective_database_url()) as index:
        counts, dropped = await index.counts(), await index.dropped()
        check_place(selection.place, [*slugs, *counts, *(one.place for one in dropped)], settings.amqp_url)
        groups = await index.groups(selection)
    places = [selection.place] if selection.place else sorted({*slugs, *counts, *names.RESERVED_SLUGS})
    depths, away = _depths(settings.amqp_url, places)
    return Listed(
        groups=groups,
        places=places_of(places, counts, depths),
        dropped=[one for one in dropped if selection.place in (None, one.place)],
        waiting=depths.get(names.DEAD),
        away=away,
    )


def _depths(amqp_url: str, places: Sequence[str]) -> tuple[Mapping[str, Depth], str]:
    try:
        return read_depths(amqp_url, [names.DEAD, *map(names.dead_letters_at, places)]), ""
    except BrokerAway as away:
        return {}, str(away)


def differences(listed: Listed) -> list[str]:
    """Say where the index and the queues do not agree, and what limits took away."""
    taken = [
        f"{names.dead_letters_at(one.place)}: {one.letters:,} letters dropped ({one.why}) from {_day(one.since)} to "
        f"{_day(one.last_at)}"
        for one in listed.dropped
    ]
    if listed.away:
        return [*taken, f"Whether the queues hold what the index knows could not be asked: {listed.away}"]
    behind = []
    if listed.waiting and listed.waiting.ready:
        recorders = "" if listed.waiting.consumers else ", and none runs: `mih recorder`"
        behind = [f"{names.DEAD}: {listed.waiting.ready:,} letters wait for the recorder{recorders}"]
    return [*filter(None, map(difference, listed.places)), *behind, *taken]


def _print_groups(groups: Sequence[Group], now: datetime) -> None:
    if not groups:
        console.print(NONE_KNOWN)
        return
    rows = [
        (one.place, f"{one.letters:,}", ago(one.first, now), ago(one.last, now), one.fingerprint, _line(one.reason))
        for one in groups
    ]
    print_table("Dead letters by cause", ("service", "letters#", "first", "last", "fingerprint", "reason"), rows)
    letters, causes = sum(one.letters for one in groups), len(groups)
    console.print(
        f"{letters:,} {'letter' if letters == 1 else 'letters'}, {'one cause' if causes == 1 else f'{causes:,} causes'}"
    )


async def _print_letters(settings: Settings, selection: Selection, slugs: Sequence[str], *, as_json: bool) -> None:
    """Write each letter as it is read: there may be very many."""
    async with DeadIndex.open(settings.effective_database_url()) as index:
        check_place(selection.place, [*slugs, *await index.counts()], settings.amqp_url)
        between = "[\n"
        async for entry in index.select(selection):
            if as_json:
                sys.stdout.write(between + spelt(exact_json.dumps(asdict(entry)).decode()))
                between = ",\n"
            else:
                sys.stdout.write(spelt(_letter_line(entry), kept="\n"))
        if as_json:
            sys.stdout.write("[]\n" if between == "[\n" else "\n]\n")


def _letter_line(entry: Entry) -> str:
    cause = f"{entry.fingerprint}  {_line(entry.reason)}"
    return f"{entry.letter_id:36}  {_second(entry.died_at)}  {entry.place:12}  {cause}\n"


def _line(text: str) -> str:
    return " ".join(text.split())


def _second(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}Z"


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}Z"
