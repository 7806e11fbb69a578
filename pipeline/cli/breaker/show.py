"""`mih breaker show`: the fleet's breakers in a table."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.cli.breaker.chosen import chosen, forced_to
from pipeline.cli.events import ago
from pipeline.cli.fleet import ask_fleet, redis_away
from pipeline.cli.output import AsJson, complain, console, print_json, print_table
from pipeline.registry import Intervention
from pipeline.settings import load_settings
from pipeline.shared_state.permit import Standing, State


@dataclass(frozen=True, slots=True)
class Shown:
    """A breaker, and whether somebody has forced it; what is not known, or is not, is None."""

    service: str
    state: State | None
    since: datetime | None
    next_probe: datetime | None
    failures: int | None
    window: int | None
    forced: Intervention | None


def show(
    service: Annotated[str, typer.Argument(metavar="[SERVICE]", help="Only this service's breaker.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Show how the breakers stand, and who forced which; exits with 1 when Redis cannot be asked."""
    settings = load_settings()
    slugs, said = chosen(settings, service)
    standings = asyncio.run(ask_fleet(settings, lambda breakers: breakers.states(slugs)))
    shown = [_shown(slug, (standings or {}).get(slug), said.forced(slug)) for slug in slugs]
    print_json(shown) if as_json else _print(shown, datetime.now(UTC))
    if standings is None:
        complain(f"{redis_away(settings)}: how the breakers stand is not known")
        raise typer.Exit(1)


def _shown(slug: str, standing: Standing | None, forced: Intervention | None) -> Shown:
    if standing is None:
        return Shown(slug, None, None, None, None, None, forced)
    return Shown(
        slug,
        standing.state,
        _time(standing.since_ms),
        _time(standing.next_probe_ms),
        standing.failures,
        standing.window,
        forced,
    )


def _time(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)


def _print(shown: Sequence[Shown], now: datetime) -> None:
    if not shown:
        console.print("No services yet: `mih apply FILE` adds them.")
        return
    columns = ("service", "state", "since", "next probe", "failures#", "window#", "forced")
    print_table("Breakers", columns, [_row(one, now) for one in shown])


def _row(one: Shown, now: datetime) -> tuple[object, ...]:
    return (
        one.service,
        one.state or "unknown",
        ago(one.since, now) if one.since else "-",
        _in(one.next_probe, now),
        "-" if one.failures is None else one.failures,
        "-" if one.window is None else one.window,
        f"{forced_to(one.forced)} {one.forced}" if one.forced else "-",
    )


def _in(then: datetime | None, now: datetime) -> str:
    if then is None:
        return "-"
    return f"in {(then - now).total_seconds():.0f} s" if then > now else "now"
