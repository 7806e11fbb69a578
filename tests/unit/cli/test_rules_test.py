"""`mih rules test`: one line per test, what differed, and an exit code for CI."""

from pathlib import Path

import orjson
import pytest
from rules_command import EVENT, REGISTRY, Command, command_in

GOOD = """
tests:
  both-hear-of-it:
    event: event.json
    expect:
      - {rule: student-to-erp, path: /courses/2/students, headers: {Authorization: Bearer hunter2, X-Site: sample}}
      - {rule: role-to-crm, payload: none}
  nobody-hears-of-it:
    event: {specversion: "1.0", id: "1", source: shop, type: shop.order, data: {}}
    expect: []
"""
BAD = """
tests:
  a-wrong-one:
    event: event.json
    expect:
      - {rule: student-to-erp, path: /courses/3/students, payload: {student: "4"}}
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return command_in(tmp_path, monkeypatch, capsys)


def test_tests_that_pass_are_told_in_a_line_each_and_need_nothing_but_the_files(command: Command) -> None:
    command.write("rules.yaml", REGISTRY + GOOD)
    ran = command.run("test", "rules.yaml")
    assert (ran.code, ran.errors) == (0, "")
    assert ran.out.splitlines() == ["✓ both-hear-of-it", "✓ nobody-hears-of-it", "2 tests: 2 passed."]


def test_what_differs_is_told_below_its_test_and_the_exit_code_is_1(command: Command) -> None:
    command.write("rules.yaml", REGISTRY + BAD)
    ran = command.run("test", "rules.yaml")
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "✗ a-wrong-one (rules.yaml:26)",
        "    rule student-to-erp",
        '      path: expected "/courses/3/students", found "/courses/2/students"',
        '      payload.student: expected "4", found 4',
        "      payload.big: expected nothing, found 12345678901234567890123",
        "    not expected: rule role-to-crm sends POST /roles/5 to crm",
        "1 test: 0 passed, 1 failed.",
    ]


def test_the_same_for_programs(command: Command) -> None:
    command.write("rules.yaml", REGISTRY + GOOD + BAD.replace("tests:\n", "").lstrip("\n"))
    ran = command.run("test", "rules.yaml", "--json")
    assert ran.code == 1
    found = orjson.loads(ran.out)
    assert (found["passed"], found["failed"]) == (2, 1)
    assert [(test["test"], test["passed"]) for test in found["tests"]] == [
        ("both-hear-of-it", True),
        ("nobody-hears-of-it", True),
        ("a-wrong-one", False),
    ]
    mismatch = found["tests"][2]["mismatches"][0]
    assert mismatch["what"] == "rule student-to-erp"
    assert mismatch["differences"][1] == {"key": "payload.student", "expected": '"4"', "found": "4"}


def test_an_event_is_found_beside_the_file_that_names_it_wherever_the_command_runs(command: Command) -> None:
    command.write("rules.yaml", REGISTRY)
    command.write("tests/event.json", EVENT)
    command.write("tests/t.yaml", "version: 1" + GOOD)
    (command.folder / "event.json").unlink()
    assert command.run("test", "rules.yaml", "tests").code == 0


def test_of_many_differences_the_first_are_told(command: Command) -> None:
    payload = "{" + ", ".join(f"k{number}: 1" for number in range(9)) + "}"
    command.write("rules.yaml", REGISTRY + BAD.replace('{student: "4"}', payload).replace("/3/", "/2/"))
    lines = command.run("test", "rules.yaml").out.splitlines()
    assert lines[2:8] == [
        *(f"      payload.k{number}: expected 1, found nothing" for number in range(5)),
        "      and 6 more differences",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["absent.yaml"], "absent.yaml: cannot be read: No such file or directory"),
        (["rules.yaml"], "rules.yaml: no tests found; they stand beside the rules, for example:"),
        (["bad.yaml"], "bad.yaml:2: tests.t.event: is missing"),
        (
            ["rules.yaml", "gone.yaml"],
            "gone.yaml:4: tests.t.event: gone.json cannot be read: No such file or directory",
        ),
        (["rules.yaml", "odd.yaml"], "odd.yaml:3: tests.t.event: fits no format"),
        (["rules.yaml", "sub/odd.yaml"], "sub/odd.yaml:3: tests.t.event: sub/odd.json: not JSON"),
    ],
)
def test_files_that_cannot_be_meant_are_told_with_exit_code_2(
    command: Command, arguments: list[str], said: str
) -> None:
    command.write("bad.yaml", "version: 1\ntests: {t: {expect: []}}")
    command.write("gone.yaml", "version: 1\ntests:\n  t:\n    event: gone.json\n    expect: []")
    command.write("odd.yaml", "version: 1\ntests:\n  t: {event: {a: 1}, expect: []}")
    command.write("sub/odd.yaml", "version: 1\ntests:\n  t: {event: odd.json, expect: []}")
    command.write("sub/odd.json", "{")
    ran = command.run("test", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.errors


def test_what_a_terminal_would_obey_is_shown_and_not_printed(command: Command) -> None:
    command.write("rules.yaml", REGISTRY + BAD.replace("/courses/3/students", '"/\\x9b31m\\x1b]0;a\\x07"'))
    printed = command.run("test", "rules.yaml").out
    assert "\\x9b31m\\u001b]0;a\\u0007" in printed
    assert not {"\x9b", "\x1b", "\x07"} & set(printed)
