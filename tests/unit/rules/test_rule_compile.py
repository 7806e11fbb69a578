from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from pipeline.delivery import Request
from pipeline.errors import Misconfigured, Unrenderable
from pipeline.event import Event
from pipeline.rules import InvalidRule, compile_rule

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ASSIGNED = Event(
    id="e-1",
    source="moodle.example.org",
    type=r"\core\event\role_assigned",
    data={"objectid": 5, "courseid": 7, "relateduserid": 4, "userid": 2},
)


def request(**rule: Any) -> Request:
    return compile_rule("r", event="*", service="erp", **rule).render(ASSIGNED, "d-1", NOW)


def test_a_rule_builds_the_request_it_describes() -> None:
    built = request(
        when={"objectid": [5], "courseid": [{"numeric": [">", 1]}]},
        send={
            "method": "POST",
            "path": "/courses/{{courseid}}/students",
            "query": {"by": "{{userid}}", "gone": "{{nope | omit}}"},
            "headers": {"X-Site": "{{event.source}}"},
        },
        payload='{"student": {{relateduserid}}, "by": "{{userid}}"}\n',
    )

    assert built == Request(
        send={
            "method": "POST",
            "path": "/courses/7/students",
            "query": {"by": "2"},
            "headers": {"X-Site": "moodle.example.org"},
        },
        body='{"student":4,"by":"2"}',
        content_type="application/json",
    )


def test_without_a_payload_the_body_is_the_data_of_the_event() -> None:
    body = request().body

    assert body is not None
    assert orjson.loads(body) == ASSIGNED.data


@pytest.mark.parametrize("payload", ["none", "none\n"])
def test_payload_none_is_no_body(payload: str) -> None:
    assert request(payload=payload).body is None


def test_the_content_type_goes_out_as_it_is_written_and_decides_how_values_are_escaped() -> None:
    built = request(payload="<a>{{x}}</a>", content_type="Text/XML; charset=utf-8")

    assert (built.body, built.content_type) == ("<a></a>", "Text/XML; charset=utf-8")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml"])
def test_another_content_type_than_json_needs_a_payload(content_type: str) -> None:
    with pytest.raises(InvalidRule, match=r"^content_type: expected application/json or a payload"):
        request(content_type=content_type)
    assert request(content_type=content_type, payload="none").body is None


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ({}, set()),
        ({"payload": "none"}, set()),
        ({"payload": "[{{data}}, {{event}}, {{event.id}}, {{now}}]"}, set()),
        ({"payload": '["{{items[0].sku}}", {{data.event}}, {{a[1][2]}}]'}, {"items.sku", "event", "a"}),
        ({"payload": "{{a.b}}", "content_type": "text/plain"}, {"a.b"}),
        (
            {"when": {"courseid": [7], "other.grade": [{"exists": True}]}, "payload": "{{a}}"},
            {"a", "courseid", "other.grade"},
        ),
        (
            {"send": {"path": "/{{a}}", "query": {"q": "{{b.c | omit}}"}, "priority": 5}, "payload": "none"},
            {"a", "b.c"},
        ),
    ],
)
def test_a_rule_knows_the_names_that_its_templates_read(rule: dict[str, Any], names: set[str]) -> None:
    assert compile_rule("r", event="*", service="erp", **rule).names == names


def test_what_is_no_text_in_send_passes_as_it_is_and_null_is_left_out() -> None:
    send = {"priority": 5, "mandatory": True, "query": {"page": 2, "none": None}, "path": None, "tags": ["{{userid}}"]}

    assert request(send=send).send == {
        "priority": 5,
        "mandatory": True,
        "query": {"page": 2},
        "tags": ["{{userid}}"],
    }


def test_one_request_does_not_share_what_it_sends_with_the_next() -> None:
    rule = compile_rule("r", event="*", service="erp", send={"headers": {"X": "1"}})

    first, second = rule.render(ASSIGNED, "d-1", NOW), rule.render(ASSIGNED, "d-2", NOW)

    assert first.send == second.send
    assert first.send["headers"] is not second.send["headers"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"payload": "[{{nope}}]"}, r"^payload: \{\{nope\}\}: the event has no such value"),
        ({"send": {"path": "/{{nope}}"}}, r"^path: \{\{nope\}\}: "),
        ({"send": {"headers": {"X-A": "{{nope}}"}}}, r"^headers: X-A: \{\{nope\}\}: "),
    ],
)
def test_what_cannot_be_rendered_says_where(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(Unrenderable, match=message):
        request(missing="error", **rule)


def test_all_faults_of_a_rule_are_told_at_once_with_their_places() -> None:
    with pytest.raises(InvalidRule) as refused:
        compile_rule(
            "r",
            event="",
            service="erp",
            when={"objectid": [{"numerc": [">", 1]}]},
            send={"method": "{{x}}", "path": "/{{event.tpye}}", "headers": {"X-A": "{{", "X-B": "a\nb"}},
            payload='{\n  "a": {{x | uper}},\n}',
            content_type="text/xlm",
            missing="fail",
        )

    assert isinstance(refused.value, Misconfigured)
    assert {(fault.path, fault.line, fault.column) for fault in refused.value.faults} == {
        (("event",), None, None),
        (("when", "objectid", 0, "numerc"), None, None),
        (("send", "method"), None, None),
        (("send", "path"), 1, 2),
        (("send", "headers", "X-A"), 1, 3),
        (("send", "headers", "X-B"), 1, 2),
        (("payload",), 2, 14),
        (("content_type",), None, None),
        (("missing",), None, None),
    }
    assert "when.objectid.0.numerc: unknown operator numerc (did you mean numeric?)" in str(refused.value)
    assert "content_type: unknown content type text/xlm (did you mean text/xml?)" in str(refused.value)
    assert "payload: line 2, column 14: unknown filter uper (did you mean upper?)" in str(refused.value)


def test_a_send_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(InvalidRule, match="send: expected a mapping"):
        compile_rule("r", event="*", service="erp", send=["POST"])  # type: ignore[arg-type]
