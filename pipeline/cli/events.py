"""`mih events [TYPE]`: which types of events were seen, and what is in them."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any

import orjson
import typer

from pipeline import exact_json
from pipeline.catalogue import MAX_NAMES, CatalogueStore, SeenType
from pipeline.cli.output import AsJson, console, print_json, print_table
from pipeline.errors import Misconfigured
from pipeline.rules.pattern import bare_name
from pipeline.rules.templates.envelope import DATA, RESERVED
from pipeline.settings import load_settings

#: Seconds of each unit that a time is told in, the longest first.
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("events", rich_help_panel="Look")(events)


def events(
    event_type: Annotated[
        str, typer.Argument(metavar="[TYPE]", help="Show this type's sample and names; a leading \\ may be left out.")
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Show which types of events were seen, how often and when last; of one TYPE, what is in it."""
    database_url = load_settings().effective_database_url()
    if event_type:
        described = asyncio.run(_described(database_url, event_type))
        print_json(described) if as_json else _show_type(described)
        return
    types = asyncio.run(_types(database_url))
    print_json(list(map(asdict, types))) if as_json else _show_types(types, datetime.now(UTC))


async def _types(database_url: str) -> list[SeenType]:
    async with CatalogueStore.open(database_url) as catalogue:
        return await catalogue.types()


async def _described(database_url: str, asked: str) -> dict[str, Any]:
    """Everything that is known of one type.

    Raises Misconfigured for a type that was not seen, with the nearest that was.
    """
    async with CatalogueStore.open(database_url) as catalogue:
        found = chosen(asked, await catalogue.types())
        names = (await catalogue.names())[found.type]
        sample = await catalogue.sample(found.type)
    return {
        **asdict(found),
        "sample": sample,
        "names": sorted(map(_as_written, names)),
        "has_all_names": len(names) < MAX_NAMES,
    }


def chosen(asked: str, types: Sequence[SeenType]) -> SeenType:
    """Find the type that is meant, with or without its leading backslash.

    Raises Misconfigured with the nearest that was seen.
    """
    by_name = {bare_name(seen.type): seen for seen in types} | {seen.type: seen for seen in types}
    if found := by_name.get(asked) or by_name.get(bare_name(asked)):
        return found
    # Letters alone are compared, for a shell takes the backslashes out of what is not in quotes.
    letters = {_letters(seen.type): seen.type for seen in types}
    near = get_close_matches(_letters(asked), letters, n=1)
    question = f" (did you mean '{letters[near[0]]}'?)" if near else ""
    raise Misconfigured(f"no event of type {asked[:255]} was seen so far{question}; `mih events` lists those that were")


def ago(then: datetime, now: datetime) -> str:
    """Say how long ago something was, as people do."""
    seconds = (now - then).total_seconds()
    for unit, length in _UNITS:
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s'[: count != 1]} ago"
    return "just now"


def _letters(event_type: str) -> str:
    return "".join(filter(str.isalnum, event_type)).casefold()


def _as_written(name: str) -> str:
    """The name as a template writes it, where the bare one means something else."""
    return f"{DATA}.{name}" if name.partition(".")[0] in {*RESERVED, DATA} else name


def _show_types(types: Iterable[SeenType], now: datetime) -> None:
    rows = [(seen.type, f"{seen.events:,}", ago(seen.last_seen, now), seen.source) for seen in types]
    if rows:
        print_table("Events seen by the router", ("type", "events#", "last seen", "source"), rows)
    else:
        console.print("No event was seen yet: a running router lists those that pass; `mih publish FILE` sends one.")


def _show_type(described: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    since, last = ago(described["first_seen"], now), ago(described["last_seen"], now)
    _line(f"{described['type']}: {described['events']:,} seen, the first {since}, the last {last}")
    _line(f"from {described['source']}")
    _line("\nA sample of its data, values shortened:")
    _line(exact_json.dumps(described["sample"], option=orjson.OPT_INDENT_2).decode())
    _line("\nNames that templates and conditions may use:")
    _line("  " + "  ".join(described["names"]) if described["names"] else "  none: its data is no object")
    if not described["has_all_names"]:
        _line("  and more: so many that their names must be values, such as ids")


def _line(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
