"""What `mih status` prints for people: the services, what is wrong and what to do about it, the road."""

from collections.abc import Sequence
from datetime import timedelta

from rich import box
from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.cli.output import console
from pipeline.cli.status.age import age
from pipeline.cli.status.facts import Counted, Facts, ServiceStatus, Source
from pipeline.cli.status.judge import CONSUMED, Trouble, probing
from pipeline.registry import Kind
from pipeline.shared_state.permit import State

#: Errors are told so long, and so many; `--json` has them all.
_RECENT, _MOST_ERRORS = timedelta(hours=1), 3
#: Lines that all but services and troubles take.
_FRAME = 23
#: Lines that those have where there is hardly any room.
_LEAST = 8
#: Letters of whoever paused a service.
_MOST_WHO = 16


def shown(facts: Facts, wrong: Sequence[Trouble], *, height: int | None = None) -> RenderableType:
    """Everything; no more services and troubles than `height` lines have room for, those with trouble first."""
    most_services = most_troubles = None
    if height is not None:
        room = max(_LEAST, height - _FRAME)
        most_troubles = min(len(wrong), room // 2)
        most_services = room - most_troubles
    return Group(
        *_services(facts, wrong, most_services),
        *_troubles(wrong, most_troubles),
        *_errors(facts),
        *_road(facts),
        *_notes(facts),
    )


def _services(facts: Facts, wrong: Sequence[Trouble], most: int | None) -> list[RenderableType]:
    if not facts.services and Source.DATABASE in facts.away:
        return [Text("Which services there are is not known."), Text()]
    if not facts.services:
        return [Text("No services yet: `mih apply FILE` adds them."), Text()]
    troubled = {one.service for one in wrong} if most is not None else set()
    first = sorted(facts.services, key=lambda one: (one.service not in troubled, one.service))
    columns = ("service", "state", "waiting#", "oldest#", "in hand#", "dead#", "rate/s#", "p50#", "p99#")
    table = _table("Services", columns)
    for one in first[:most]:
        table.add_row(*_service_row(one, facts))
    return [table, *_more(len(first), most, "services")]


def _service_row(one: ServiceStatus, facts: Facts) -> tuple[RenderableType, ...]:
    is_stuck = bool(one.ready) and one.senders == 0 and not one.is_held
    return (
        Text(one.service, overflow="fold"),
        _state(one, facts),
        _number(one.ready, bad=is_stuck),
        _or_dash("" if one.oldest_at_most_s is None else f"~{age(one.oldest_at_most_s)}"),
        _number(one.in_hand),
        _number(one.dead, bad=bool(one.dead)),
        _or_dash("" if one.rate_per_s is None else f"{one.rate_per_s:,.1f}"),
        _or_dash(_latency(one.p50_ms)),
        _or_dash(_latency(one.p99_ms)),
    )


def _state(one: ServiceStatus, facts: Facts) -> Text:
    said = []
    if one.paused:
        said.append(f"paused by {one.paused.who[:_MOST_WHO]}")
    if one.forced:
        said.append("forced open" if one.forced.kind is Kind.BREAKER_OPEN else "forced closed")
    if said:
        return Text(", ".join(said), style="bold yellow")
    if one.state is None:
        return Text("unknown", style="dim")
    if one.state is State.CLOSED:
        return Text("closed", style="green")
    lasts = f" {age((facts.at - one.since).total_seconds())}" if one.since else ""
    style = "bold red" if one.state is State.OPEN else "bold yellow"
    return Text(", ".join(filter(None, [f"{one.state}{lasts}", probing(one, facts.at)])), style=style)


def _troubles(wrong: Sequence[Trouble], most: int | None) -> list[RenderableType]:
    if not wrong:
        return [Text("Nothing is wrong.", style="green"), Text()]
    table = _table("Trouble", ("", "", ""), show_header=False)
    # A command that is broken into lines cannot be copied; and where lines are counted, each has one.
    table.columns[2].no_wrap = True
    table.columns[1].no_wrap, table.columns[1].overflow = most is not None, "ellipsis" if most is not None else "fold"
    for one in wrong[:most]:
        table.add_row(Text(one.what, style="bold red"), Text(one.why), Text(one.hint, style="cyan"))
    return [table, *_more(len(wrong), most, "troubles")]


def _errors(facts: Facts) -> list[RenderableType]:
    """The last errors of services that work; those of the others are told as trouble."""
    failed = [
        (one.last_error_at, one)
        for one in facts.services
        if one.last_error_at and one.state is State.CLOSED and facts.at - one.last_error_at < _RECENT
    ]
    if not failed:
        return []
    table = _table("Last errors", ("", "", ""), show_header=False)
    for at, one in sorted(failed, key=lambda each: each[0], reverse=True)[:_MOST_ERRORS]:
        table.add_row(Text(one.service), Text(f"{age((facts.at - at).total_seconds())} ago"), Text(one.last_error))
    return [table, *_more(len(failed), _MOST_ERRORS, "services")]


def _road(facts: Facts) -> list[RenderableType]:
    table = _table("The road", ("", "waiting#", "in hand#", "consumers#"))
    for place, counted in facts.road.items():
        is_aside = place in {"invalid", "unroutable"} or place.startswith("suspect")
        if counted.ready or not is_aside:
            table.add_row(Text(place), *_road_row(counted, is_consumed=place in CONSUMED, is_aside=is_aside))
    return [table]


def _road_row(counted: Counted, *, is_consumed: bool, is_aside: bool) -> tuple[Text, ...]:
    return (
        _number(counted.ready, bad=is_aside),
        _number(counted.in_hand),
        _number(counted.consumers if is_consumed else None, bad=counted.consumers == 0),
    )


def _notes(facts: Facts) -> list[RenderableType]:
    alive = ", ".join(f"{transport} {count:,}" for transport, count in (facts.alive or {}).items())
    notes: list[RenderableType] = [Text(f"Senders alive: {alive}")] if alive else []
    if Source.MANAGEMENT in facts.away:
        told = f"How many are in hand is not known: {facts.away[Source.MANAGEMENT]}"
        notes.append(Text(told, style="yellow"))
    return notes


def _table(title: str, columns: Sequence[str], *, show_header: bool = True) -> Table:
    """A table without lines between columns, so that all fit; for programs such as grep without any line."""
    style = box.SIMPLE_HEAD if console.is_terminal and show_header else None
    table = Table(title=title, title_justify="left", title_style="bold", box=style, show_header=show_header)
    table.pad_edge = table.show_edge = False
    for column in columns:
        justify: JustifyMethod = "right" if column.endswith("#") else "left"
        table.add_column(column.removesuffix("#"), justify=justify, overflow="fold")
    return table


def _more(count: int, most: int | None, what: str) -> list[RenderableType]:
    left = 0 if most is None else count - most
    return [Text(f"and {left:,} more {what}", style="dim"), Text()] if left > 0 else [Text()]


def _number(value: int | None, *, bad: bool = False) -> Text:
    if value is None:
        return _or_dash("")
    return Text(f"{value:,}", style="bold red" if bad else "dim" if value == 0 else "")


def _latency(latency_ms: int | None) -> str:
    if latency_ms is None:
        return ""
    return f"{latency_ms} ms" if latency_ms < 1000 else f"{latency_ms / 1000:.1f} s"  # noqa: PLR2004 - ms of a second


def _or_dash(text: str) -> Text:
    return Text(text) if text else Text("-", style="dim")
