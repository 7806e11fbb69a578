"""A rule of the plugin becomes one of ours, or a comment with its reason: event, endpoint, method, payload."""

from typing import Any

import pytest
from plugin_rows import RULE, SERVICE, imported, of_rule, said


def test_a_plain_rule_says_the_same_here() -> None:
    entry = of_rule(endpoint="students", payload_template='{"id": {{userid}}}')
    assert (entry.name, entry.out, entry.differences) == ("user_created-to-erp", (), ())
    assert entry.keys == {
        "event": r"\core\event\user_created",
        "service": "erp",
        "send": {"method": "POST", "path": "/students"},
        "payload": '{"id": {{userid}}}',
    }


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        (None, "/"),
        ("", "/"),
        ("/", "/"),
        ("//a/b/", "/a/b/"),
        ("a?b=1&c=2", "/a?b=1&c=2"),
        ("env:HOME", "/env:HOME"),
        ("/a#b", "/a"),
        ("/cv/{{courseid}}", "/cv/%7B%7Bcourseid%7D%7D"),
        ("/a/{b}", "/a/{b}"),
    ],
)
def test_an_endpoint_is_the_path_that_the_plugin_sent_to(endpoint: str | None, path: str) -> None:
    entry = of_rule(endpoint=endpoint)
    assert (entry.keys["send"]["path"], entry.out) == (path, ())


def test_behind_a_query_an_empty_endpoint_is_no_path() -> None:
    assert "path" not in of_rule(service={"base_url": "https://x.example.org/a?b=1"}).keys["send"]


@pytest.mark.parametrize(
    ("method", "template", "keys", "told"),
    [
        ("PUT", '{"a": 1}', {"payload": '{"a": 1}'}, "multipart/form-data"),
        ("patch", '{"a": 1}', {"payload": '{"a": 1}'}, "sent as a GET"),
        ("DELETE", None, {"payload": "none"}, "without a body"),
        ("GET", '{"a": {{userid}}, "b": "x{{crud}}", "c": true, "d": 1.50, "e": null}', {"payload": "none"}, "query"),
    ],
)
def test_methods_that_the_plugin_broke_are_said(
    method: str, template: str | None, keys: dict[str, Any], told: str
) -> None:
    entry = of_rule(http_method=method, payload_template=template)
    assert told in said(entry, "http_method")
    assert {"payload": entry.keys["payload"]} == keys
    assert entry.out == ()


def test_a_get_sends_its_payload_as_the_query() -> None:
    flat = '{"a": {{userid}}, "b": "x{{crud}}\\"", "c": true, "d": 1.50, "e": null}'
    query = of_rule(http_method="GET", payload_template=flat).keys["send"]["query"]
    assert query == {"a": "{{userid}}", "b": 'x{{crud}}"', "c": "1", "d": "1.50"}
    whole = of_rule(http_method="GET").keys["send"]["query"]
    assert whole["eventname"] == "{{eventname | omit}}"
    assert len(whole) == 16


@pytest.mark.parametrize(
    "template",
    [
        *('{"a": [1]}', "[1]", '{"a": "{{ userid }}"}', '{"{{crud}}": 1}', '{"a": -{{userid}}}', '{"a": {{userid}}5}'),
        "[" * 1_010 + "]" * 1_010,
    ],
)
def test_a_get_whose_payload_is_no_flat_query_is_commented_out_with_its_template(template: str) -> None:
    entry = of_rule(http_method="GET", payload_template=template)
    assert "cannot be a query" in entry.out[0]
    assert "payload" in entry.beside


def test_the_template_of_a_delete_is_kept_in_a_comment() -> None:
    assert of_rule(http_method="DELETE", payload_template='{"a": 1}').beside == {"payload": '{"a": 1}'}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"enabled": 0}, "switched off there"),
        ({"serviceid": 7}, "there is no service with the id 7"),
        ({"eventname": r"\core\event\user_*"}, "no event's class with its leading backslash"),
        ({"eventname": r"core\event\user_created"}, "no event's class with its leading backslash"),
        ({"eventname": "\\core\\event\\user_created "}, "no event's class with its leading backslash"),
        ({"http_method": "FETCH"}, "send.method: "),
        ({"endpoint": "/a\nb"}, "send.path: "),
        ({"endpoint": "/a?token=hunter2hunter2"}, "it held a secret, here ***"),
        ({"payload_template": '{"a": {{crud}}}'}, "nothing was ever sent"),
        ({"payload_template": '{"a": {{ userid }}}'}, "nothing was ever sent"),
        ({"payload_template": '{"a": {{username}}}'}, "nothing was ever sent"),
        ({"payload_template": "a={{userid}}"}, "nothing was ever sent"),
        ({"payload_template": " "}, "nothing was ever sent"),
        ({"payload_template": '{"a": {{userid}}0}'}, "payload: not valid JSON"),
        ({"payload_template": '{"a": 1, "a": 2}'}, "payload: the key 'a' stands 2 times"),
    ],
)
def test_what_cannot_be_in_force_is_commented_out_with_its_reason(cells: dict[str, Any], reason: str) -> None:
    assert reason in "\n".join(of_rule(**cells).out)


def test_rules_are_named_by_event_and_service_once_each() -> None:
    quiz = {"id": 3, "eventname": r"\mod_quiz\event\attempt_submitted"}
    found = imported(RULE, RULE | {"id": 2}, RULE | quiz, RULE | {"id": 4, "eventname": "\\" + "x" * 90})
    assert [entry.name for entry in found.of("rules")] == [
        "user_created-to-erp",
        "user_created-to-erp-2",
        "mod_quiz-attempt_submitted-to-erp",
        "x" * 56 + "-to-erp",
    ]
    long = imported(RULE, services=[SERVICE | {"name": "y" * 63}]).of("rules")[0]
    assert (len(long.name), long.out) == (63, ())


@pytest.mark.parametrize(
    ("endpoint", "address", "key"),
    [
        ("/orders", "amqp://h?routing_key=all", "orders"),
        ("", "amqp://h?routing_key=all", "all"),
        ("", "amqp://h?queue_declare=q", "q"),
        ("", "amqp://h?queue_declare=q&exchange=e", ""),
    ],
)
def test_a_routing_key_is_the_one_that_the_plugin_used(endpoint: str, address: str, key: str) -> None:
    entry = of_rule(service={"type": "amqp", "base_url": address}, endpoint=endpoint, http_method="AMQP")
    assert entry.keys["send"] == {"routing_key": key}


def test_a_soap_operation_is_the_endpoint() -> None:
    entry = of_rule(service={"type": "soap", "base_url": "https://x.example.org/?wsdl"}, endpoint="SetGrade")
    assert entry.keys["send"] == {"operation": "SetGrade"}
    assert "one argument" in said(entry, "payload_template")


def test_a_text_of_the_payload_that_looks_like_a_secret_is_named_and_not_repeated() -> None:
    told = said(of_rule(payload_template='{"apiKey": "hunter2", "user": "x"}'), "payload_template")
    assert "a text under apiKey" in told
    assert "hunter2" not in told
