"""`mih rules …` on events, files and names that are right and odd: an answer, never a traceback."""

from pathlib import Path

import pytest
from rules_command import Command, command_in

#: The deepest that an event may be, put deeper still by a template.
DEEPEST = '{"type": "a.b", "data": {"x": ' + "[" * 248 + "1" + "]" * 248 + "}}"
DEEPER = """
version: 1
services: {erp: {transport: rest, url: "https://erp.example.org/api"}}
rules:
  deeper: {event: a.b, service: erp, payload: '[[[[[[[[{{data}}]]]]]]]]'}
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return command_in(tmp_path, monkeypatch, capsys)


def test_a_body_too_deep_to_be_indented_is_shown_as_it_is_sent(command: Command) -> None:
    command.write("deeper.yaml", DEEPER)
    command.write("deepest.json", DEEPEST)
    ran = command.run("try", "deeper", "--event", "deepest.json", "--in", "deeper.yaml")
    assert (ran.code, ran.errors) == (0, "")
    assert '[[[[[[[[{"x":[[[' in ran.out


def test_a_body_too_deep_to_be_written_anew_still_differs_from_what_is_expected(command: Command) -> None:
    command.write("deeper.yaml", DEEPER + "tests: {t: {event: deepest.json, expect: [{rule: deeper, payload: 1}]}}")
    command.write("deepest.json", DEEPEST)
    ran = command.run("test", "deeper.yaml")
    assert (ran.code, ran.errors) == (1, "")
    assert "payload: expected 1, found a value that is nested too deeply to be shown" in ran.out


def test_a_file_name_that_no_file_can_have_is_told_with_its_place(command: Command) -> None:
    command.write("odd.yaml", 'version: 1\ntests:\n  t:\n    event: "a\\0b"\n    expect: []')
    ran = command.run("test", "rules.yaml", "odd.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert "odd.yaml:4: tests.t.event: found a character that no file's name has" in ran.errors


def test_a_value_too_long_for_a_file_name_is_looked_up_as_the_id_that_it_is(command: Command) -> None:
    ran = command.run("try", "student-to-erp", "--event", "i" * 300, "--in", "rules.yaml")
    assert ran.code != 0
    assert "File name too long" not in ran.errors
