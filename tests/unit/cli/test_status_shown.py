"""How `mih status` looks on a terminal: it fits, whatever there is to tell."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from pipeline.cli.status import show
from pipeline.cli.status.facts import Counted, Facts, ServiceStatus, Source
from pipeline.cli.status.judge import troubles
from pipeline.registry import Intervention, Kind
from pipeline.shared_state.permit import State

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ROAD = {
    **dict.fromkeys(("ingest", "router", "recorder"), Counted(0, 0, 1)),
    "waiting to be tried again": Counted(7),
    **dict.fromkeys(("suspect in ingest", "invalid", "unroutable"), Counted(0, 0, 0)),
}
ERP = ServiceStatus("erp", ready=0, in_hand=0, dead=0, senders=1, transport="rest", state=State.CLOSED)
#: A service about which there is much to tell.
LOUD = replace(
    ERP,
    service="lake",
    ready=123_456,
    in_hand=1000,
    dead=12_345,
    senders=0,
    oldest_at_most_s=3 * 86_400,
    state=State.OPEN,
    since=NOON - timedelta(minutes=30),
    next_probe=NOON + timedelta(seconds=28),
    rate_per_s=1234.5,
    p50_ms=1217,
    p99_ms=12_345,
    last_error="HTTP 503: the service answered that it is being maintained until tomorrow, come back later",
    last_error_at=NOON,
)


def facts(services: Sequence[ServiceStatus]) -> Facts:
    return Facts(at=NOON, road=ROAD, services=services, alive={"rest": 2}, stopped=[], away={})


def printed(monkeypatch: pytest.MonkeyPatch, found: Facts, *, width: int = 100, height: int | None = None) -> list[str]:
    console = Console(file=StringIO(), width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr(show, "console", console)
    with console.capture() as captured:
        console.print(show.shown(found, troubles(found), height=height))
    return [line.rstrip() for line in captured.get().splitlines()]


def line_of(lines: list[str], start: str) -> str:
    [line] = [line for line in lines if line.startswith(start)]
    return " ".join(line.split())


def test_a_service_takes_one_line_of_a_hundred_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, facts([ERP, LOUD]))
    assert max(map(len, lines)) <= 100
    assert line_of(lines, "lake ") == "lake open 30m, probe in 28s 123,456 ~3d 1,000 12,345 1,234.5 1.2 s 12.3 s"
    assert line_of(lines, "erp") == "erp closed 0 - 0 0 - - -"


def test_what_to_do_is_never_broken_into_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, facts([LOUD]))
    assert any(line.endswith("mih dlq list --service lake") for line in lines)
    assert any(line.endswith("mih breaker show lake") for line in lines)


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (replace(ERP, state=None), "unknown"),
        (replace(ERP, state=State.OPEN, since=NOON, next_probe=NOON), "open 0s, probe now"),
        (replace(ERP, state=State.HALF_OPEN, since=NOON - timedelta(hours=3)), "half-open 3h, probing"),
        (replace(LOUD, service="erp", paused=Intervention(Kind.PAUSED, "erp", "ada", "", NOON)), "paused by ada"),
        (replace(ERP, forced=Intervention(Kind.BREAKER_OPEN, "erp", "ada", "", NOON)), "forced open"),
        (replace(ERP, forced=Intervention(Kind.BREAKER_CLOSED, "erp", "ada", "", NOON)), "forced closed"),
    ],
)
def test_how_a_service_stands_is_told_in_a_few_words(
    monkeypatch: pytest.MonkeyPatch, one: ServiceStatus, state: str
) -> None:
    lines = printed(monkeypatch, facts([one]))
    assert line_of(lines[: lines.index("Trouble") if "Trouble" in lines else None], "erp").startswith(f"erp {state} ")


def test_the_last_error_of_a_service_that_works_is_told_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    for minutes, is_told in ((1, True), (59, True), (60, False)):
        failed = replace(ERP, last_error="refused", last_error_at=NOON - timedelta(minutes=minutes))
        told = [line for line in printed(monkeypatch, facts([failed])) if "refused" in line]
        assert told == ([f"erp  {minutes}m ago  refused"] if is_told else [])


def test_what_is_watched_fits_the_terminal_and_shows_those_with_trouble_first(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [replace(ERP, service=f"s{number:03}") for number in range(900)]
    loud = [replace(LOUD, service=f"z{number:03}") for number in range(100)]
    found = facts([*many, *loud])
    lines = printed(monkeypatch, found, height=40)
    assert len(lines) <= 40
    assert line_of(lines, "z000 ").startswith("z000 open")
    assert line_of(lines, "and 991 more") == "and 991 more services"
    assert line_of(lines, "and 192 more") == "and 192 more troubles"
    assert len(printed(monkeypatch, found)) > 1000


def test_places_where_nothing_should_lie_are_shown_when_something_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any("invalid" in line for line in printed(monkeypatch, facts([ERP])))
    found = replace(facts([ERP]), road={**ROAD, "invalid": Counted(4, 0, 0)})
    assert line_of(printed(monkeypatch, found), "invalid  ") == "invalid 4 0 -"


def test_an_error_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = replace(ERP, last_error="[bold]no[/bold] [/nothing]", last_error_at=NOON)
    assert any("[bold]no[/bold] [/nothing]" in line for line in printed(monkeypatch, facts([failed])))


def test_without_the_management_api_it_is_said_what_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    found = replace(facts([replace(ERP, in_hand=None)]), away={Source.MANAGEMENT: "management API at x: refused"})
    lines = printed(monkeypatch, found)
    assert lines[-1] == "How many are in hand is not known: management API at x: refused"
    assert "Nothing is wrong." in lines


def test_services_that_are_not_known_are_not_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    away = replace(facts([]), away={Source.DATABASE: "refused"})
    assert "No services yet" in printed(monkeypatch, facts([]))[0]
    assert printed(monkeypatch, away)[0] == "Which services there are is not known."
