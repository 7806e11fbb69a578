from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from pipeline.cli.demo.account import Account, ServiceAccount
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
    services=(ServiceAccount("demo-chat", expected=17, delivered=12, waiting=4, dead=1, missing=4, surplus=0),),
)


@pytest.mark.parametrize("width", [78, 98])
def test_the_picture_has_straight_edges(width: int) -> None:
    console = Console(width=200, force_terminal=True, color_system=None)
    with console.capture() as drawn:
        console.print(picture(ACCOUNT, {"demo-chat": "POST /rooms/a-room-with-a-long-name/messages"}, width=width))
    lines = drawn.get().splitlines()
    assert {cell_len(line) for line in lines} == {width}
    assert any("112 of 306" in line for line in lines)


def test_without_a_terminal_there_are_plain_lines() -> None:
    console = Console(force_terminal=False, width=80)
    with console.capture() as said, drawing(console) as draw:
        draw(ACCOUNT, {})
    assert said.get() == "112/306 published, 104 understood, 12/17 delivered, 4 waiting, 1 dead\n"


def test_the_summary_of_a_demo_that_failed_names_what_is_missing_and_the_log() -> None:
    console = Console(force_terminal=False, width=80)
    with console.capture() as said:
        tell(console, ACCOUNT, Path("/somewhere/log"))
    told = said.get()
    for part in (
        "✗ The sums do not agree",
        *ACCOUNT.lost,
        "demo-chat: 4 did not arrive",
        "demo-chat: 1 died",
        "/somewhere/log",
    ):
        assert part in told
