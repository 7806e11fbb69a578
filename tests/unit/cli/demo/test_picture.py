from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from pipeline.cli.demo.account import Account, ServiceAccount
from pipeline.cli.demo.evidence import Cause
from pipeline.cli.demo.scene import Scene
from pipeline.cli.demo.screen import drawing, picture
from pipeline.cli.demo.summary import tell

ACCOUNT = Account(
    planned=306,
    published=112,
    understood=104,
    repeats=7,
    unreadable=1,
    unwanted=9,
    failed_attempts=5,
    lost=("\\core\\event\\user_created 2026-11-21T12:00:00+00:00",),
    services=(
        ServiceAccount(
            "demo-chat",
            "rest",
            expected=17,
            asked=19,
            delivered=12,
            died=3,
            dead=1,
            missing=4,
            again=1,
            surplus=0,
            breaker="half-open",
            opened=2,
        ),
    ),
    causes=(Cause("demo-chat", "HTTP 422", "0123456789ab", letters=1),),
)


LATEST = {"demo-chat": "POST /rooms/a-room-with-a-long-name/messages"}


@pytest.mark.parametrize("width", [78, 98])
def test_the_picture_has_straight_edges(width: int) -> None:
    console = Console(width=200, force_terminal=True, color_system=None)
    with console.capture() as drawn:
        console.print(picture(ACCOUNT, LATEST, Scene.FAILS, width=width))
    lines = drawn.get().splitlines()
    assert {cell_len(line) for line in lines} == {width}
    for part in (
        "112 of 306",
        " rest ",
        "half-open",
        "1 dead: demo-chat, HTTP 422, fingerprint 0123456789ab",
        Scene.FAILS,
    ):
        assert any(part in line for line in lines)


def test_without_a_terminal_there_are_plain_lines() -> None:
    console = Console(force_terminal=False, width=80)
    with console.capture() as said, drawing(console) as draw:
        draw(ACCOUNT, {}, Scene.FLOWS)
        draw(ACCOUNT, {}, Scene.FAILS)
    assert said.get().splitlines() == [
        Scene.FLOWS,
        "112/306 published, 104 understood, 12/17 delivered, 4 waiting, 1 dead, breaker of demo-chat half-open",
        Scene.FAILS,
    ]


def test_the_summary_of_a_demo_that_failed_names_what_is_missing_and_the_log() -> None:
    console = Console(force_terminal=False, width=80)
    with console.capture() as said:
        tell(console, ACCOUNT, Path("/somewhere/log"))
    told = said.get()
    for part in (
        "✗ The sums do not agree",
        *ACCOUNT.lost,
        "12 by REST were delivered",
        "demo-chat: 4 did not arrive",
        "demo-chat: 1 died",
        "demo-chat: 1 still in the index of dead letters, HTTP 422",
        "its breaker opened 2 times",
        "2 replayed + 1 left",
        "1 came twice",
        "/somewhere/log",
    ):
        assert part in told
