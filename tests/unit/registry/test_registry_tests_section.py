"""The section `tests`: what is read of it, what is wrong with it, and that it is never applied."""

import re
from datetime import UTC, datetime
from pathlib import PurePath

import pytest
from rest_like import TRANSPORTS

from pipeline.registry import Reading, RegistryErrors, json_schema, read_texts

HEAD = r"""version: 1
services: {erp: {transport: rest, url: "http://e.org"}}
rules: {student-to-erp: {event: \a, service: erp}}
tests:
  t:
"""
BODY = """    event: {type: a}
    expect: []
"""


def read(tests: str, file: str = "m.yaml") -> Reading:
    return read_texts({file: HEAD + tests}, TRANSPORTS)


def errors_in(tests: str) -> list[str]:
    with pytest.raises(RegistryErrors) as caught:
        read(tests)
    return str(caught.value).splitlines()


def test_a_test_is_read_with_its_place() -> None:
    [trial] = read(
        "    event: events/a.json\n"
        "    expect: [{rule: student-to-erp, path: /a, payload: {n: 1.0}}]\n"
        "    now: 2026-11-21T10:00:00Z\n",
        "rules/m.yaml",
    ).tests
    assert (trial.name, trial.file, trial.line, trial.event_line) == ("t", "rules/m.yaml", 5, 6)
    assert trial.event == PurePath("rules/events/a.json")
    assert trial.expect == ({"rule": "student-to-erp", "path": "/a", "payload": {"n": 1.0}},)
    assert trial.now == datetime(2026, 11, 21, 10, tzinfo=UTC)


def test_an_event_may_stand_in_the_test_and_now_is_always_the_same() -> None:
    [trial] = read(BODY).tests
    assert trial.event == {"type": "a"}
    assert trial.expect == ()
    assert trial.now == datetime(2026, 1, 1, tzinfo=UTC)


def test_tests_are_no_part_of_what_is_applied() -> None:
    assert set(read(BODY).document) == {"version", "services", "rules"}
    assert read_texts({"m.yaml": HEAD.partition("tests")[0]}, TRANSPORTS).tests == ()


def test_tests_may_stand_in_a_file_of_their_own() -> None:
    rules, _, _ = HEAD.partition("tests")
    reading = read_texts({"a/m.yaml": rules, "b/t.yaml": f"version: 1\ntests:\n  t:\n{BODY}"}, TRANSPORTS)
    assert [(trial.name, trial.file) for trial in reading.tests] == [("t", "b/t.yaml")]


def test_a_name_may_stand_in_one_file_only() -> None:
    with pytest.raises(RegistryErrors, match=re.escape("b.yaml:3: tests.t: found twice, first in a.yaml:5")):
        read_texts({"a.yaml": HEAD + BODY, "b.yaml": f"version: 1\ntests:\n  t:\n{BODY}"}, TRANSPORTS)


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ("    expect: []", "m.yaml:5: tests.t.event: is missing"),
        ("    event: a.json", "m.yaml:5: tests.t.expect: is missing"),
        (
            "    event: [a]\n    expect: []",
            "m.yaml:6: tests.t.event: found a list, expected the name of a file, or the event itself as a mapping",
        ),
        (
            "    event: {}\n    expect: []",
            "m.yaml:6: tests.t.event: found a mapping, expected the name of a file, or the event itself as a mapping",
        ),
        ("    event: a\n    expect: none", "m.yaml:7: tests.t.expect: found a text, expected a list"),
        ("    event: a\n    expect: [none]", "m.yaml:7: tests.t.expect[0]: found a text, expected a mapping"),
        (
            "    event: a\n    expects: []\n    expect: []",
            "m.yaml:7: tests.t.expects: unknown key expects (did you mean expect?), expected one of event expect now",
        ),
        (
            "    event: a\n    expect:\n      - {paht: /a}",
            (
                "m.yaml:8: tests.t.expect[0].paht: unknown key paht (did you mean path?), expected one of"
                " content_type headers method path payload query refused rule service"
            ),
        ),
        (
            "    event: a\n    expect:\n      - rule: student-to-epr",
            (
                "m.yaml:8: tests.t.expect[0].rule: unknown rule student-to-epr (did you mean student-to-erp?),"
                " expected one of student-to-erp"
            ),
        ),
        (
            "    event: a\n    expect:\n      - service: epr",
            "m.yaml:8: tests.t.expect[0].service: unknown service epr (did you mean erp?), expected one of erp",
        ),
        (
            "    event: a\n    expect:\n      - {}\n      - query: {page: 1}",
            "m.yaml:9: tests.t.expect[1].query.page: found the number 1, expected a text (write it in quotes)",
        ),
        (
            "    event: a\n    expect:\n      - method: PSOT",
            (
                "m.yaml:8: tests.t.expect[0].method: unknown value PSOT (did you mean POST?),"
                " expected one of DELETE GET PATCH POST PUT"
            ),
        ),
        (
            "    event: a\n    expect:\n      - {refused: x, path: /a}",
            "m.yaml:8: tests.t.expect[0]: found refused beside path: what is refused sends nothing",
        ),
        *(
            (
                f"    event: a\n    expect: []\n    now: {now}",
                "m.yaml:8: tests.t.now: expected a time with its zone, such as 2026-11-21T10:00:00Z",
            )
            for now in ("yesterday", "2026-11-21T10:00:00", "2026-11-21", "5", "null")
        ),
    ],
)
def test_a_mistake_is_told_at_its_line(tests: str, told: str) -> None:
    assert errors_in(tests) == [told]


def test_all_mistakes_are_told_at_once_those_of_the_rules_too() -> None:
    text = HEAD.replace("service: erp}", "service: epr}") + "    event: 5\n    expect: [{rule: a}]"
    with pytest.raises(RegistryErrors) as caught:
        read_texts({"m.yaml": text}, TRANSPORTS)
    assert [finding.path for finding in caught.value.findings] == [
        ("rules", "student-to-erp", "service"),
        ("tests", "t", "event"),
        ("tests", "t", "expect", 0, "rule"),
    ]


def test_the_schema_for_editors_knows_tests_and_the_keys_of_each_transport() -> None:
    schema = json_schema(TRANSPORTS)
    test = schema["$defs"]["RuleTest"]
    assert set(test["required"]) == {"event", "expect"}
    expected = schema["$defs"][test["properties"]["expect"]["items"]["$ref"].removeprefix("#/$defs/")]
    assert set(expected["properties"]) >= {"rule", "payload", "path", "query", "headers", "method"}
    assert not expected["additionalProperties"]
