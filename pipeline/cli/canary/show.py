"""A canary's road as people and programs read it."""

from collections.abc import Iterator
from typing import Any

from pipeline.cli.canary.road import TYPE, Became, Leg, Road
from pipeline.cli.output import console, print_table

_NO_RULE = f"No rule names {TYPE}: its road ends in the router. One with `event: {TYPE}` leads it on to a service."


def as_json(road: Road) -> dict[str, Any]:
    """Everything that is known."""
    return {
        "event": road.event.id,
        "became": road.became,
        "seconds": _rounded(road.seconds),
        "confirmed_s": _rounded(road.confirmed_s),
        "understood_s": _rounded(road.understood_s),
        "deliveries": [
            {
                "rule": leg.rule,
                "service": leg.service,
                "ending": leg.ending,
                "attempt": leg.attempt,
                "dead": leg.is_dead,
                "reason": leg.reason,
                "after_s": _rounded(leg.after_s),
            }
            for leg in road.legs.values()
        ],
        "trouble": list(road.missing()),
    }


def show(road: Road) -> None:
    """Print the road, and what is missing of it."""
    print_table(f"Canary {road.event.id}", ("where", "after ms#", "what"), _rows(road))
    if not road.legs:
        _line(_NO_RULE)
    for missing in road.missing():
        _line(missing)
    _line(f"{road.became} after {road.seconds * 1000:.0f} ms" if road.became is Became.ARRIVED else str(road.became))


def _rows(road: Road) -> Iterator[tuple[str, str, str]]:
    yield "mih.events", _ms(road.confirmed_s), "confirmed" if road.confirmed_s is not None else "not confirmed"
    yield "ingest", _ms(road.understood_s), "handed on" if road.understood_s is not None else "not heard of"
    for leg in road.legs.values():
        yield leg.service, _ms(leg.after_s), _told(leg)


def _told(leg: Leg) -> str:
    if not leg.ending:
        return "not heard of"
    tries = f", attempt {leg.attempt}" if leg.attempt > 1 else ""
    return f"{'dead: ' if leg.is_dead else ''}{leg.ending}{tries}"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f}"


def _line(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
