import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import Unrenderable
from pipeline.event import Event
from pipeline.rules.fault import InvalidRule
from pipeline.rules.templates import Scope, compile_json, compile_text

#: A busy machine is no finding.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
#: What a value would say to break out of its place.
HOSTILE = st.sampled_from(
    [
        '"',
        "\\",
        '\\"',
        '","admin":true,"x":"',
        "{{a}}",
        "}}",
        "{{",
        "\r\n",
        "\0",
        "/",
        "..",
        ".",
        "?",
        "#",
        "&a=1",
        "%2F",
        "\u2028",
    ]
)
TEXTS = st.text() | HOSTILE | st.lists(HOSTILE | st.text(max_size=3), max_size=4).map("".join)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
NAMES = st.sampled_from("abcd")
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXTS, inner, max_size=3)
)
DATA = st.dictionaries(NAMES, VALUES)


@dataclass(frozen=True)
class Bare:
    steps: tuple[str | int, ...]


@dataclass(frozen=True)
class Omitted(Bare):
    pass


@dataclass(frozen=True)
class Quoted:
    parts: tuple[Any, ...]


PATHS = st.tuples(NAMES, st.lists(NAMES | st.integers(0, 2), max_size=2)).map(lambda path: (path[0], *path[1]))
#: A brace of the template's own beside a placeholder would read as part of it.
OWN_TEXTS = TEXTS.map(lambda text: text.replace("{", "("))
LEAVES = (
    PATHS.map(Bare)
    | st.lists(PATHS.map(Bare) | OWN_TEXTS, max_size=4).map(lambda parts: Quoted(tuple(parts)))
    | SCALARS.filter(lambda value: not isinstance(value, str))
)
ENTRIES = PATHS.map(Omitted)
TEMPLATES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner | ENTRIES, max_size=4) | st.dictionaries(OWN_TEXTS, inner | ENTRIES, max_size=4),
)


def spelt(bare: Bare) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in bare.steps)
    return f"{{{{ {path.removeprefix('.')}{' | omit' if isinstance(bare, Omitted) else ''} }}}}"


def written(node: Any) -> str:
    """Write a template as a person would."""
    match node:
        case Bare():
            return spelt(node)
        case Quoted():
            texts = (
                spelt(part) if isinstance(part, Bare) else orjson.dumps(part)[1:-1].decode() for part in node.parts
            )
            return f'"{"".join(texts)}"'
        case list():
            return f"[ {', '.join(map(written, node))} ]"
        case dict():
            members = (f"{orjson.dumps(key).decode()}: {written(value)}" for key, value in node.items())
            return f"{{\n  {', '.join(members)}\n}}"
    return orjson.dumps(node).decode()


def value_at(bare: Bare, data: Any) -> Any:
    for step in bare.steps:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()


def meant(node: Any, data: Any) -> Any:
    """Say what a template means for an event, without any text in between."""
    match node:
        case Bare():
            return value_at(node, data)
        case Quoted():
            return "".join(as_text(value_at(p, data)) if isinstance(p, Bare) else p for p in node.parts)
        case list():
            return [meant(inner, data) for inner in node if not is_left_out(inner, data)]
        case dict():
            return {key: meant(inner, data) for key, inner in node.items() if not is_left_out(inner, data)}
    return node


def is_left_out(node: Any, data: Any) -> bool:
    return isinstance(node, Omitted) and value_at(node, data) is None


def scope(data: Any) -> Scope:
    return Scope(Event(id="e", source="s", type="t", data=data), "d", datetime(2026, 11, 20, tzinfo=UTC))


@UNHURRIED
@given(TEMPLATES, DATA)
def test_a_body_holds_exactly_the_values_of_the_event_in_the_structure_of_the_template(node: Any, data: Any) -> None:
    body = compile_json(written(node))(scope(data))

    # Bytes, since in Python 1, 1.0 and true are equal.
    assert orjson.dumps(orjson.loads(body)) == orjson.dumps(orjson.loads(orjson.dumps(meant(node, data))))


FRAGMENTS = st.sampled_from(
    [
        *("{{", "}}", "{{a}}", '"{{a}}"', '"{{a|omit}}"', "{{a|omit}}", "{{a|number}}", "{{event}}", "{{d|upper}}"),
        *("{", "}", "[", "]", ",", ":", '"', "'", "|", ".", "(", ")", "\\", "\\u", "\n", " "),
        *("a", "1", "-", "null", "default('", "\ud800", '{"a":', '{"{{b}}":'),
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A sound template with something cut out of it and something else put there."""
    template = written(draw(TEMPLATES))
    at = draw(st.integers(0, len(template)))
    return template[:at] + draw(FRAGMENTS | st.just("")) + template[at + draw(st.integers(0, 3)) :]


RUBBISH = damaged() | st.lists(FRAGMENTS, max_size=14).map("".join) | st.text()


@UNHURRIED
@given(RUBBISH, DATA, st.booleans())
def test_whatever_is_saved_renders_to_json_or_is_refused(
    template: str,
    data: Any,
    strict: bool,  # noqa: FBT001  drawn by hypothesis
) -> None:
    try:
        body = compile_json(template, strict=strict)(scope(data))
    except (InvalidRule, Unrenderable):
        return

    orjson.loads(body)


@UNHURRIED
@given(RUBBISH, st.sampled_from(["path", "query", "headers", "routing_key"]), DATA)
def test_whatever_text_is_saved_renders_to_one_line_or_is_refused(template: str, key: str, data: Any) -> None:
    try:
        written_text = compile_text(template, key)(scope(data))
    except (InvalidRule, Unrenderable):
        return

    assert written_text is None or not re.search(r"[\r\n\0]", written_text)


@UNHURRIED
@given(st.lists(st.sampled_from(["x", "{{a}}", "v{{b}}", "{{c}}-{{d}}"]), min_size=1), DATA)
def test_no_value_changes_how_many_segments_a_path_has_or_adds_a_query(segments: list[str], data: Any) -> None:
    meanings = [re.sub(r"\{\{(.)\}\}", lambda found: as_text(data.get(found[1])), segment) for segment in segments]
    write = compile_text("/" + "/".join(segments), "path")

    if any(not meaning.strip(".") for meaning in meanings):
        with pytest.raises(Unrenderable):
            write(scope(data))
    else:
        path = write(scope(data))
        assert path is not None
        assert [unquote(segment) for segment in path.split("/")] == ["", *meanings]
        assert re.fullmatch(r"[A-Za-z0-9/%._~-]*", path)


@UNHURRIED
@given(DATA)
def test_no_value_adds_a_parameter_to_a_query(data: Any) -> None:
    write = compile_text("{{a}}", "query")

    query = f"first={write(scope(data))}&second=2"

    assert parse_qsl(query, keep_blank_values=True) == [("first", as_text(data.get("a"))), ("second", "2")]


@UNHURRIED
@given(DATA)
def test_a_header_or_plain_text_is_one_line_with_exactly_the_value_or_refused(data: Any) -> None:
    for key in ("headers", "routing_key"):
        try:
            line = compile_text("<{{a}}>", key)(scope(data))
        except Unrenderable:
            assert re.search(r"[\x00-\x1f\x7f-\x9f]", as_text(data.get("a")))
        else:
            assert line == f"<{as_text(data.get('a'))}>"
            assert not re.search(r"[\r\n\0]", line)
