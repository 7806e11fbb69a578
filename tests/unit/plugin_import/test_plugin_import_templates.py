"""Imported templates give the JSON value that the plugin sent, whatever braces they hold; the rest was never sent."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.cli.demo.events import captured
from pipeline.ingest import sample_event
from pipeline.plugin_import.template import KEYS, convert_template
from pipeline.rules import compile_rule

EVENTS = [{key: value for key, value in event.items() if value is not None} for event in captured()]


def plugin_sent(template: str, data: dict[str, Any]) -> Any:
    for key, value in data.items():
        if isinstance(value, str | int | float):
            written = json.dumps(value)
            template = template.replace(f"{{{{{key}}}}}", written[1:-1] if isinstance(value, str) else written)
    return json.loads(template)


_BRACES = st.text(st.sampled_from("{}%# a|'.u/")) | st.sampled_from(
    ["{{", "{{{", "{{ userid }}", "{{username}}", "{{other.x}}", "{{userid | upper}}", "{%if", "{{#a}}", r"\"", r"\\"]
)
_KEY = st.sampled_from(KEYS).map(lambda key: f"{{{{{key}}}}}")
_QUOTED = st.lists(_BRACES | _KEY, max_size=6).map("".join)


@given(_QUOTED, _KEY | st.sampled_from(["1.50", "[]"]), st.sampled_from(EVENTS))
def test_braces_stay_what_they_were(quoted: str, bare: str, data: dict[str, Any]) -> None:
    template = f'{{"a": "{quoted}", "b": {bare}}}'
    # Null stayed a placeholder, which is the plugin's defect.
    assume(not any(f"{{{{{key}}}}}" in template for key in KEYS if key not in data))
    converted = convert_template(template)
    try:
        sent = plugin_sent(template, data)
    except ValueError:
        assert not converted.was_sent
        return
    assert converted.was_sent
    rule = compile_rule("rule", event="*", service="service", payload=converted.text)
    body = rule.render(sample_event(json.dumps(data).encode()), "d", datetime(2026, 11, 21, tzinfo=UTC)).body
    assert body is not None
    assert json.loads(body) == sent


@pytest.mark.parametrize(
    ("template", "converted"),
    [
        ('{"a": "{{userid}}", "b": {{courseid}}}', '{"a": "{{userid}}", "b": {{courseid}}}'),
        ('"{{ userid }}"', r'"\u007b{ userid }}"'),
        ('"{{username}}{{userid}}"', r'"\u007b{username}}{{userid}}"'),
        ('"{{{userid}}}"', r'"\u007b{{userid}}}"'),
        ('"{{{{userid}}}}"', r'"\u007b\u007b{{userid}}}}"'),
        ('"{%if x%}"', r'"\u007b%if x%}"'),
        ('{"a":{"b":{{userid}}}}', '{"a":{"b":{{userid}}}}'),
        ('{"a":\r\n1}', '{"a":\n1}'),
        (r'"\"{{ userid }}\\"', r'"\"\u007b{ userid }}\\"'),
    ],
)
def test_what_was_sent_as_it_stands_cannot_become_a_placeholder(template: str, converted: str) -> None:
    found = convert_template(template)
    assert (found.text, found.was_sent) == (converted, True)
    compile_rule("rule", event="*", service="service", payload=found.text)


def test_what_looks_like_a_placeholder_and_was_none_is_named() -> None:
    found = convert_template('{"a": "{{username}} {{ userid }} {{userid}} {{other.x}} {{username}}"}')
    assert found.left_alone == ("{{username}}", "{{ userid }}", "{{other.x}}")
