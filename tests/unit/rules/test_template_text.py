from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.errors import Unrenderable
from pipeline.event import Event
from pipeline.rules.fault import InvalidRule
from pipeline.rules.templates import Scope, compile_text

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def text(template: str, key: str, data: Any = None, *, strict: bool = False) -> str | None:
    event = Event(id="e-1", source="moodle", type=r"\core\event\x", data=data)
    return compile_text(template, key, strict=strict)(Scope(event, "d-1", NOW))


@pytest.mark.parametrize(
    ("key", "template", "data", "expected"),
    [
        ("path", "/courses/{{courseid}}/students", {"courseid": 7}, "/courses/7/students"),
        ("path", "/{{x}}/", {"x": "a/b?c#d%20 é"}, "/a%2Fb%3Fc%23d%2520%20%C3%A9/"),
        ("path", "/{{x}}", {"x": "\r\n\0"}, "/%0D%0A%00"),
        ("path", "/{{x}}", {"x": {"a": [1]}}, "/%7B%22a%22%3A%5B1%5D%7D"),
        ("path", "/a b/é/%20/{{x}}", {"x": True}, "/a%20b/%C3%A9/%20/true"),
        ("path", "//a/./..//{{x}}", {"x": "~.-_"}, "//a/./..//~.-_"),
        ("path", "/v{{x}}.{{y}}", {"x": 1}, "/v1."),
        ("path", "/s?q={{x}}&r={{y}}", {"x": "a&r=1"}, "/s?q=a%26r%3D1&r="),
        ("path", "/s?next=/{{x}}/..", {}, "/s?next=//.."),
        ("path", "/a#{{x}}", {}, "/a#"),
        ("path", "/50%{{x}}/%2{{x}}/%2F{{x}}", {"x": "2F"}, "/50%252F/%2522F/%2F2F"),
        ("path", "", {}, ""),
        ("query", "{{x}}", {"x": "a&b=c d+é"}, "a%26b%3Dc%20d%2B%C3%A9"),
        ("query", "a&b {{x}}", {}, "a%26b%20"),
        ("query", "{{x | omit}}", {"x": "&"}, "%26"),
        ("query", "{{x | omit}}", {}, None),
        ("headers", "{{event.source}}; {{x}}\t", {"x": "é {{y}}"}, "moodle; é {{y}}\t"),
        ("headers", "{{x}}", {"x": None}, ""),
        ("headers", "{{x | omit}}", {"x": None}, None),
        ("routing_key", "{{event.key}}.{{x | upper}}", {"x": "b"}, "core.event.x.B"),
        ("operation", "SetGrade", {}, "SetGrade"),
    ],
)
def test_a_value_is_written_as_its_place_asks(key: str, template: str, data: Any, expected: str | None) -> None:
    assert text(template, key, data) == expected


@pytest.mark.parametrize("template", ["{{x}}", "{{x | omit}}", "a.{{x}}"])
def test_a_routing_key_is_at_most_255_bytes_long(template: str) -> None:
    room = 255 - len(template.partition("{{")[0])

    assert text(template, "routing_key", {"x": "é" * (room // 2)})
    with pytest.raises(Unrenderable, match="longer than 255 bytes"):
        text(template, "routing_key", {"x": "é" * (room // 2 + 1)})


@pytest.mark.parametrize("value", [None, "", ".", ".."])
@pytest.mark.parametrize(
    "template", ["/students/{{x}}", "/a/{{x}}/b", "{{x}}", "/a/{{x}}{{y}}", "/a/{{x}}?force=1", "/a/{{x}}#b"]
)
def test_a_value_cannot_make_a_segment_of_a_path_vanish(template: str, value: Any) -> None:
    with pytest.raises(Unrenderable, match=r"\{\{x\}\}.*segment"):
        text(template, "path", {"x": value})


@pytest.mark.parametrize("template", ["/a/.{{x}}/b", "/a/%2e{{x}}", "{{x}}%2E"])
def test_a_value_cannot_complete_the_dots_of_a_path(template: str) -> None:
    with pytest.raises(Unrenderable, match="dots alone"):
        text(template, "path", {"x": "."})


@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\nb", "a\rb", "\0", "\x7f", "\x85", "\ud800", {"a": "\ud800"}])
@pytest.mark.parametrize("key", ["headers", "routing_key"])
def test_a_control_character_is_refused_where_it_could_end_the_line(key: str, value: Any) -> None:
    with pytest.raises(Unrenderable, match=r"^\{\{x\}\}: "):
        text("{{x}}", key, {"x": value})


@pytest.mark.parametrize("key", ["path", "query"])
def test_half_a_character_is_refused_where_it_would_be_encoded(key: str) -> None:
    with pytest.raises(Unrenderable, match=r"^\{\{x\}\}: "):
        text("/{{x}}", key, {"x": "\ud800"})


def test_a_tab_is_refused_outside_headers() -> None:
    with pytest.raises(Unrenderable):
        text("{{x}}", "routing_key", {"x": "a\tb"})


def test_missing_error_holds_for_texts_too() -> None:
    with pytest.raises(Unrenderable, match=r"\{\{x\}\}: the event has no such value"):
        text("{{x}}", "headers", {}, strict=True)


@pytest.mark.parametrize(
    ("key", "template", "column", "message"),
    [
        ("path", "/students\n", 10, "expected one line of text"),
        ("path", "/{{x}}/\0", 8, "expected one line of text"),
        ("headers", "a\r\nb", 2, "expected one line of text"),
        ("routing_key", "a\tb", 2, "expected one line of text"),
        ("path", "/{{x | omit}}", 2, "omit leaves out a whole value"),
        ("path", "{{x | omit}}", 1, "omit leaves out a whole value"),
        ("query", "a{{x | omit}}", 2, "omit leaves out a whole value"),
        ("headers", "{{x | uper}}", 7, "did you mean upper?"),
        ("headers", "{{x", 4, "found the end of the template"),
    ],
)
def test_a_text_that_cannot_be_meant_is_refused(key: str, template: str, column: int, message: str) -> None:
    with pytest.raises(InvalidRule) as refused:
        compile_text(template, key)

    [fault] = refused.value.faults
    assert message in fault.message
    assert (fault.line, fault.column) == (1, column)
