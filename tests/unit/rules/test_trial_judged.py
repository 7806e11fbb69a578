from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.event import Event
from pipeline.rules import RuleIndex, compile_rule
from pipeline.rules.trial import Trial, judge

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
RULES = (
    compile_rule(
        "to-erp",
        event=r"\core\event\role_*",
        service="erp",
        when={"role": [5]},
        send={"method": "PUT", "path": "/students/{{user}}", "query": {"by": "{{by}}"}},
        payload='{"student": {{user}}, "at": "{{now}}"}',
    ),
    compile_rule("to-crm", event=r"\core\event\role_assigned", service="crm", send={"path": "/c"}, payload="none"),
    compile_rule("to-sis", event=r"\core\event\graded", service="sis", send={"path": "/items/{{item}}"}),
)
ERP: dict[str, Any] = {
    "rule": "to-erp",
    "service": "erp",
    "path": "/students/4",
    "payload": {"student": 4, "at": "2026-11-21T10:00:00.000Z"},
}
CRM: dict[str, Any] = {"rule": "to-crm"}


def event(kind: str = "role_assigned", **data: Any) -> Event:
    return Event("1", "moodle", rf"\core\event\{kind}", {"role": 5, "user": 4, "by": 2} | data)


def judged(happened: Event, *expect: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    trial = Trial("t", "t.yaml", 1, 1, {}, expect, NOW)
    return [(one.what, list(map(str, one.differences))) for one in judge(trial, happened, RULES, RuleIndex(RULES))]


@pytest.mark.parametrize(
    "expect",
    [
        [ERP, CRM],
        [CRM, ERP],
        [{}, {}],
        [{"service": "crm"}, {"service": "erp"}],
        [{"content_type": "application/json"}, CRM],
        [{"method": "PUT", "query": {"by": "2"}}, {"payload": "none", "path": "/c"}],
        [{"service": "crm", "path": "/c"}, {}],
        # The first of these fits both requests, and must leave to the second the only one that fits it.
        [{}, {"service": "erp"}],
        [{"service": "erp"}, {}],
    ],
)
def test_the_same_requests_pass_in_any_order_and_with_whatever_is_mentioned(expect: list[dict[str, Any]]) -> None:
    assert judged(event(), *expect) == []


def test_nobody_hears_is_an_expectation_too() -> None:
    assert judged(event("other")) == []


def test_an_unexpected_request_fails() -> None:
    assert judged(event(), CRM) == [("not expected: rule to-erp sends PUT /students/4 to erp", [])]
    assert judged(event(role=6)) == [("not expected: rule to-crm sends /c to crm", [])]


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ({"method": "POST"}, 'method: expected "POST", found "PUT"'),
        ({"path": "/students/5"}, 'path: expected "/students/5", found "/students/4"'),
        ({"query": {"by": "3"}}, 'query.by: expected "3", found "2"'),
        ({"headers": {"X": "1"}}, 'headers: expected {"X":"1"}, found nothing'),
        ({"service": "crm"}, 'service: expected "crm", found "erp"'),
        ({"content_type": "text/plain"}, 'content_type: expected "text/plain", found "application/json"'),
        ({"payload": {**ERP["payload"], "student": "4"}}, 'payload.student: expected "4", found 4'),
        (
            {"payload": "none"},
            'payload: expected nothing, found {"student":4,"at":"2026-11-21T10:00:00.000Z"}',
        ),
        ({"refused": "x"}, 'refused: expected "x", found a request that can be sent'),
    ],
)
def test_a_rules_request_that_differs_is_told_key_by_key(expected: dict[str, Any], said: str) -> None:
    assert judged(event(), {"rule": "to-erp", **expected}, CRM) == [("rule to-erp", [said])]


def test_a_body_where_none_is_sent_is_told() -> None:
    assert judged(event(role=6), {"rule": "to-crm", "payload": None}) == [
        ("rule to-crm", ["payload: expected null, found nothing"])
    ]


def test_an_expectation_that_fits_nothing_is_held_against_the_nearest_request() -> None:
    assert judged(event(), {"path": "/students/5", "method": "PUT"}, CRM) == [
        (
            "expect[0] fits no request; the nearest is of rule to-erp",
            ['path: expected "/students/5", found "/students/4"'],
        )
    ]


def test_what_fits_nothing_does_not_take_what_fits_another() -> None:
    told = judged(event(), {"service": "crm", "path": "/d"}, {"service": "crm"})
    assert [what for what, _ in told] == ["expect[0] fits no request; the nearest is of rule to-erp"]


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (event("other"), r"it answers to core\event\role_*, and the event is \core\event\other"),
        (event("role_removed", role=6), "a condition does not hold: role: asked [5], found 6"),
        (event("role_removed", role=None), "a condition does not hold: role: asked [5], found null"),
        (event("role_removed", role=[]), "a condition does not hold: role: asked [5], found nothing"),
    ],
)
def test_a_rule_that_sends_nothing_is_told_with_the_reason(happened: Event, said: str) -> None:
    assert judged(happened, ERP) == [(f"rule to-erp sends nothing: {said}", [])]


def test_one_expectation_too_many_is_told() -> None:
    assert judged(event(role=6), CRM, {"service": "erp"}) == [("expect[1]: no request is left for it", [])]
    assert judged(event(role=6), {**CRM, "path": "/d"}, CRM) == [
        ("expect[0]: rule to-crm sends only one request, and that is taken already", [])
    ]


def test_a_refusal_is_expected_by_a_part_of_its_reason() -> None:
    graded = event("graded")
    assert judged(graded, {"rule": "to-sis", "refused": "{{item}}"}) == []
    assert judged(graded, {"refused": "item"}) == []
    reason = "send: path: {{item}}: a segment of the path came out empty or as dots alone"
    found = judged(graded, {"rule": "to-sis", "refused": "student"})
    assert [what for what, _ in found] == ["rule to-sis"]
    assert found[0][1][0].startswith('refused: expected a reason with "student", found ')
    assert judged(graded)[0][0].startswith("not expected: rule to-sis matches and cannot be rendered: ")
    [(_, [said])] = judged(graded, {"rule": "to-sis", "path": "/items/2"})
    assert said.startswith("request: expected one that can be sent, found none: ")
    assert reason.removeprefix("send: ") in said
