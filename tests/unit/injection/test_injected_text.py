"""What others wrote (events, services, registry files) is shown and logged, and obeyed by no terminal and no reader."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest
import structlog

from pipeline.cli import output
from pipeline.logs import configure_logs
from pipeline.settings import Settings

TITLE, COLOUR, CLEARED = "\x1b]0;owned\x07", "\x1b[31mred\x1b[0m", "\x9b2J"
BACKWARDS, ISOLATED = "\u202egnp.exe", "\u2067txt\u2069"
ODD = [TITLE, COLOUR, CLEARED, BACKWARDS, ISOLATED, "over\rwritten", "\x08\x7f\x00", "a\u2028b\u0085c\x0bd\x0ce"]
FORGED = 'x\n{"message":"routed","level":"info"}\r\n2026-01-01 [info] forged'
MARKUP = ["[red]red[/red]", "[link=https://evil.example]here[/link]", "[/]", "[bold", "\\[red]", ":smile: 12:100:3"]

Door = Callable[[str], None]


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Else the tests behind these would log to a stream that is closed."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], root.level = before


def in_ours(text: str) -> None:
    structlog.get_logger().warning("unreadable", reason=text)


def as_the_word(text: str) -> None:
    structlog.get_logger().warning(text)


def in_a_traceback(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        structlog.get_logger().exception("failed")


def in_a_librarys(text: str) -> None:
    logging.getLogger("some.library").warning("odd: %s", text)


LOGS = pytest.mark.parametrize("log", [in_ours, as_the_word, in_a_traceback, in_a_librarys])


@LOGS
@pytest.mark.parametrize("text", [*ODD, FORGED])
def test_a_log_for_programs_is_one_line_a_record_and_holds_the_text_as_it_was(
    log: Door, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(Settings(log_format="json"), "test")
    log(text)
    line = capsys.readouterr().err
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert text in " ".join(map(str, json.loads(line).values()))


@LOGS
@pytest.mark.parametrize("text", ODD)
def test_a_log_for_people_holds_nothing_that_a_terminal_obeys(
    log: Door, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(Settings(log_format="console"), "test")
    log(text)
    assert obeyed(capsys.readouterr().err) == ""


@pytest.mark.parametrize("log", [in_ours, as_the_word, in_a_librarys])
def test_a_log_for_people_is_one_line_a_record(log: Door, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format="console"), "test")
    log(FORGED)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_json_cannot_hold_is_logged_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format="json"), "test")
    structlog.get_logger().info("odd", half="\ud800", number=2**70)
    assert json.loads(capsys.readouterr().err)["number"] == 2**70


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("log", [in_ours, in_a_traceback, in_a_librarys])
def test_a_log_that_cannot_be_written_stops_nobody(
    log: Door, form: Literal["json", "console"], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115 - closing it fails
    monkeypatch.setattr("sys.stderr", full)
    try:
        configure_logs(Settings(log_format=form), "test")
        log("a word")
    finally:
        with suppress(OSError):
            full.close()


def in_a_table(text: str) -> None:
    output.print_table("A table", ("one", "two"), [(text, 1)])


def as_a_line(text: str) -> None:
    output.console.print(text, markup=False, highlight=False, soft_wrap=True)


@pytest.mark.parametrize("door", [in_a_table, as_a_line, output.complain])
@pytest.mark.parametrize("text", [*ODD, *MARKUP])
@pytest.mark.parametrize("kind", ["terminal", "pipe"])
def test_what_a_command_prints_is_text(
    door: Door, text: str, kind: Literal["terminal", "pipe"], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = io.StringIO()
    for name in ("console", "_errors"):
        console = output.TextConsole(file=printed, width=500, emoji=False, force_terminal=kind == "terminal")
        monkeypatch.setattr(output, name, console)
    door(text)
    said = without_colours(printed.getvalue())
    assert obeyed(said) == ""
    if text in MARKUP:
        assert text in said


def test_a_cell_cannot_forge_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.StringIO()
    monkeypatch.setattr(output, "console", output.TextConsole(file=printed, width=500))
    output.print_table("A table", ("one", "two"), [(FORGED, 1), ("c\u2028d\u0085e", 2)])
    assert len(printed.getvalue().splitlines()) == len(["title", "head", "first", "second"])


@pytest.mark.parametrize("text", [*ODD, FORGED])
def test_json_for_programs_holds_the_text_as_it_was_and_nothing_that_a_terminal_obeys(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output.print_json({"text": text})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"text": text}
    assert obeyed(printed) == ""


def without_colours(said: str) -> str:
    """Take away what the hub itself says to a terminal: bold, red, and the end of it."""
    for own in ("\x1b[1;31m", "\x1b[1m", "\x1b[3m", "\x1b[0m"):
        said = said.replace(own, "")
    return said


def obeyed(said: str) -> str:
    return "".join(one for one in said if not (one.isprintable() or one in "\n\t"))
