"""`mih rules try`: each condition's verdict, and the request, sent or not."""

from pathlib import Path

import orjson
import pytest
from rules_command import EVENT, Command, command_in


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return command_in(tmp_path, monkeypatch, capsys)


def tried(command: Command, rule: str, *more: str) -> tuple[int, list[str]]:
    ran = command.run("try", rule, "--event", "event.json", "--in", "rules.yaml", *more)
    assert ran.errors == ""
    return ran.code, ran.out.splitlines()


def test_a_rule_that_answers_is_told_with_its_request(command: Command) -> None:
    assert tried(command, "student-to-erp") == (
        0,
        [
            r"✓ event: answers to core\event\role_assigned, found \core\event\role_assigned",
            "✓ objectid: asked [5], found 5",
            "✓ $or: one of its 2 branches holds",
            "  ✓ branch 1",
            '    ✓ courseid: asked [{"numeric":[">",1]}], found 2',
            "  ✗ branch 2",
            "    ✗ courseid: asked [1], found 2",
            "    ✗ contextlevel: asked [50], found nothing",
            "student-to-erp would send to erp:",
            "  url           https://erp.example.org/api",
            "  method        POST",
            "  path          /courses/2/students",
            "  query         by: 2",
            "  headers       Authorization: ***",
            "                X-Site: sample",
            "  content type  application/json",
            "    {",
            '      "student": 4,',
            '      "big": 12345678901234567890123',
            "    }",
        ],
    )


def test_a_rule_whose_conditions_do_not_hold_is_told_with_the_request_it_would_be(command: Command) -> None:
    command.write("event.json", EVENT.replace('"courseid": 2', '"courseid": 0'))
    code, lines = tried(command, "student-to-erp")
    assert code == 1
    assert lines[8:12] == [
        "student-to-erp would send nothing: a condition does not hold: $or: none of its 2 branches holds",
        "If it answered to this event, it would send to erp:",
        "  url           https://erp.example.org/api",
        "  method        POST",
    ]


def test_a_reference_is_shown_as_it_is_written(command: Command) -> None:
    code, lines = tried(command, "role-to-crm")
    assert code == 0
    assert lines[1:] == [
        "role-to-crm would send to crm:",
        "  url           env:NOT_SET_ANYWHERE",
        "  method        POST",
        "  path          /roles/5",
        "  body          none",
    ]


def test_an_event_of_another_type_is_told(command: Command) -> None:
    code, lines = tried(command, "user-to-here")
    assert code == 1
    assert lines[0] == r"✗ event: answers to core\event\user_created, found \core\event\role_assigned"
    assert "would send nothing: it answers to" in lines[1]


def test_what_cannot_be_rendered_is_told_with_the_reason(command: Command) -> None:
    command.write("event.json", EVENT.replace('"objectid": "5"', '"objectid": null'))
    code, lines = tried(command, "role-to-crm")
    assert code == 1
    assert len(lines) == 2
    assert lines[1].startswith("role-to-crm would send nothing: it cannot be rendered: path: {{objectid}}: ")
    command.write("event.json", r'{"eventname": "\\core\\event\\other"}')
    code, lines = tried(command, "role-to-crm")
    assert code == 1
    assert lines[2].startswith("If it answered to this event, it could not be rendered: path: {{objectid}}: ")


def test_the_same_for_programs(command: Command) -> None:
    code, lines = tried(command, "student-to-erp", "--json")
    found = orjson.loads("\n".join(lines))
    assert code == 0
    assert found["would_be_sent"] is True
    assert found["why_not"] is None
    assert found["service"] == {"slug": "erp", "url": "https://erp.example.org/api"}
    assert found["request"]["send"]["headers"] == {"Authorization": "***", "X-Site": "sample"}
    assert found["request"]["body"] == '{"student":4,"big":12345678901234567890123}'
    assert [(one["path"], one["holds"]) for one in found["conditions"]] == [("objectid", True), ("$or", True)]
    assert found["conditions"][1]["branches"][1][1] == {
        "path": "contextlevel",
        "asked": "[50]",
        "found": [],
        "holds": False,
        "branches": [],
    }


def test_an_event_is_any_format_that_arrives(command: Command) -> None:
    data = orjson.loads(EVENT)
    cloud = {"specversion": "1.0", "id": "1", "source": "moodle", "type": "core\\event\\role_assigned", "data": data}
    command.write("event.json", orjson.dumps(cloud).decode())
    code, lines = tried(command, "student-to-erp")
    assert code == 0
    assert "                X-Site: moodle" in lines


@pytest.mark.parametrize(
    ("rule", "event", "code", "said"),
    [
        (
            "student-to-epr",
            "event.json",
            2,
            "unknown rule student-to-epr (did you mean student-to-erp?), expected one of",
        ),
        ("student-to-erp", "odd.json", 2, "odd.json: not JSON"),
        ("student-to-erp", "folder", 2, "folder: cannot be read: Is a directory"),
        ("student-to-erp", "absent.json", 2, "MIH_AMQP_URL"),
    ],
)
def test_what_cannot_be_meant_is_told(command: Command, rule: str, event: str, code: int, said: str) -> None:
    command.write("odd.json", "{")
    (command.folder / "folder").mkdir()
    ran = command.run("try", rule, "--event", event, "--in", "rules.yaml")
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.errors


def test_what_a_terminal_would_obey_is_shown_and_not_printed(command: Command) -> None:
    command.write("event.json", EVENT.replace('"courseid": 2', '"courseid": 2, "other": "\\u001b[31m\x9b"'))
    rules = r"{r: {event: '*', service: s, payload: '{{data}}'}}"
    service = "{s: {transport: rest, url: 'https://e.org'}}"
    command.write("rules.yaml", f"version: 1\nservices: {service}\nrules: {rules}\n")
    code, lines = tried(command, "r")
    assert code == 0
    assert not {"\x9b", "\x1b"} & set("".join(lines))
    assert '      "other": "\\u001b[31m\\x9b",' in lines
