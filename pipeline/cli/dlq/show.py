"""`mih dlq show ID`: the whole story of one dead letter."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pipeline.catalogue.sample import seen
from pipeline.cli.dlq.described import described, indented, pretty
from pipeline.cli.events import ago
from pipeline.cli.output import AsJson, console, print_json, print_table
from pipeline.dead_index import MAX_BODY, DeadIndex
from pipeline.errors import Misconfigured
from pipeline.settings import load_settings
from topology import names

#: Characters of a body that a terminal gets; --json has all of it.
_SHOWN = 20_000


def show(
    letter: Annotated[str, typer.Argument(metavar="ID", help="The letter's id, or its event's.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show a dead letter: event, rule, rendered request, each attempt with its answer; touches no queue."""
    found = asyncio.run(_described(load_settings().effective_database_url(), letter))
    if as_json:
        print_json(found)
        return
    for one in found:
        _show(one, datetime.now(UTC))


async def _described(database_url: str, wanted: str) -> list[dict[str, Any]]:
    async with DeadIndex.open(database_url) as index:
        letters = await index.letters(wanted)
    if not letters:
        raise Misconfigured(f"the index knows no letter {wanted[:200]}; `mih dlq list --letters` lists those it knows")
    return [described(letter) for letter in letters]


def _show(one: Mapping[str, Any], now: datetime) -> None:
    _line(
        f"{one['letter_id']} in {names.dead_letters_at(one['place'])}, died {ago(one['died_at'], now)} "
        f"({one['died_at']:%Y-%m-%d %H:%M:%S}Z)",
        style="bold",
    )
    _line(f"reason       {one['reason']}")
    _line(f"fingerprint  {one['fingerprint']}")
    if one["rule"]:
        of_revision = f" of revision {one['revision']}" if one["revision"] is not None else ""
        _line(f"rule         {one['rule']}{of_revision}, for service {one['service']}")
    _show_event(one["event"]) if "event" in one else _show_message(one)
    if "request" in one:
        _show_request(one["request"])
    _show_attempts(one["story"], one["attempts"])
    _line("")


def _show_event(event: Mapping[str, Any]) -> None:
    _line(f"\nEvent {event['type']}, {event['id']} from {event['source']}, {event.get('time') or 'without a time'}")
    _text(indented(event["data"]))


def _show_message(one: Mapping[str, Any]) -> None:
    encoded = f", {one['content_encoding']}" if one["content_encoding"] else ""
    _line(f"\nMessage with routing key {one['routing_key']}, {one['content_type'] or 'no content type'}{encoded}")
    _headers(one["headers"])
    if one["body"] is None:
        _line(f"  its body is larger than {MAX_BODY:,} bytes: only the queue has it")
    else:
        _text(pretty(one["body"]))


def _show_request(request: Mapping[str, Any] | None) -> None:
    if request is None:
        _line("\nNo request: it could not be rendered")
        return
    send = request["send"]
    _line(f"\nRequest {' '.join(str(send[name]) for name in ('method', 'path') if send.get(name))}")
    _headers({name: value for name, value in send.items() if name not in {"method", "path", "headers"}})
    _headers(send.get("headers") or {})
    if request["body"] is not None:
        _text(pretty(request["body"]))


def _show_attempts(story: Iterable[Mapping[str, Any]], attempts: int) -> None:
    rows = [[seen(str(cell)) for cell in _attempt_row(one)] for one in story]
    if rows:
        console.print()
        title = f"{attempts} attempt{'s' if attempts != 1 else ''}"
        print_table(title, ("attempt#", "at", "ending", "status#", "took#", "reason", "answer"), rows)
    else:
        _line("\nNo attempt is known")


def _attempt_row(one: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        one.get("attempt", "-"),
        _time(one.get("at")),
        one.get("ending"),
        one.get("status") or "-",
        f"{one.get('latency_ms', 0)} ms",
        one.get("reason", ""),
        one.get("answer", ""),
    )


def _time(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if isinstance(at, datetime) else str(at)[:19].replace("T", " ") + "Z"


def _headers(headers: Mapping[str, Any]) -> None:
    for name, value in headers.items():
        _line(f"  {name}: {value}")


def _text(text: str) -> None:
    rest = len(text) - _SHOWN
    _line(text[:_SHOWN] + (f"\n… {rest:,} more characters: --json has all" if rest > 0 else ""))


def _line(text: str, style: str | None = None) -> None:
    console.print(seen(text), style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)
