import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from template_strategies import (
    BODIES,
    DATA,
    FORM,
    FORM_TREES,
    JSON_TREES,
    NAMES,
    OWN_TEXTS,
    RUBBISH,
    RUDE_DATA,
    SOUND,
    SOUND_BODIES,
    XML_TREES,
    Element,
    as_text,
    form_pairs,
    form_trees,
    form_written,
    json_written,
    meant,
    scope,
    spelt,
    xml_tree,
    xml_trees,
    xml_written,
)

from pipeline import exact_json
from pipeline.errors import Unrenderable
from pipeline.rules.fault import InvalidRule
from pipeline.rules.templates import compile_body, compile_text

#: A busy machine is no finding.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
FORM_TYPE = "application/x-www-form-urlencoded"
NAMED = frozenset("abcd")
CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"


def body(template: str, content_type: str, data: Any) -> str:
    return compile_body(template, content_type, strict=False)(scope(data))


@UNHURRIED
@given(JSON_TREES, DATA)
def test_a_json_body_holds_exactly_the_values_of_the_event_in_the_structure_of_the_template(
    node: Any, data: Any
) -> None:
    written = body(json_written(node), "application/json", data)

    # Bytes, since in Python 1, 1.0 and true are equal.
    expected = exact_json.loads(exact_json.dumps(meant(node, data)))
    assert exact_json.dumps(exact_json.loads(written)) == exact_json.dumps(expected)


@UNHURRIED
@given(FORM_TREES, DATA)
def test_a_form_body_holds_exactly_the_values_of_the_event_in_the_pairs_of_the_template(pairs: Any, data: Any) -> None:
    written = body(form_written(pairs), FORM_TYPE, data)

    assert FORM.fullmatch(written)
    assert parse_qsl(written, keep_blank_values=True, strict_parsing=bool(written)) == form_pairs(pairs, data)


def parsed(element: ET.Element) -> Any:
    content: list[Any] = [element.text or ""]
    for inner in element:
        content += [parsed(inner), inner.tail or ""]
    return element.tag, element.attrib, content


def texts_of(tree: Any) -> list[str]:
    _, attributes, content = tree
    return [
        *attributes.values(),
        *(text for one in content for text in ([one] if isinstance(one, str) else texts_of(one))),
    ]


@UNHURRIED
@given(XML_TREES, DATA)
def test_an_xml_body_holds_exactly_the_values_of_the_event_in_the_elements_of_the_template(
    tree: Element, data: Any
) -> None:
    expected = xml_tree(tree, data)
    try:
        written = body(xml_written(tree), "application/xml", data)
    except Unrenderable:
        assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "".join(texts_of(expected)))
    else:
        assert parsed(ET.fromstring(written)) == expected


@UNHURRIED
@given(st.lists(OWN_TEXTS | NAMES, max_size=4), DATA)
def test_a_text_body_holds_exactly_the_values_of_the_event(parts: list[str], data: Any) -> None:
    template = "".join(f"{{{{{part}}}}}" if part in NAMED else part for part in parts)
    meaning = "".join(as_text(data.get(part)) if part in NAMED else part for part in parts)
    try:
        written = body(template, "text/plain", data)
    except (InvalidRule, Unrenderable):
        assert re.search(CONTROLS, meaning)
    else:
        assert written == meaning


READERS: dict[str, Callable[[str], Any]] = {
    "application/json": exact_json.loads,
    "application/xml": ET.fromstring,
}


def longest(template: str, data: Any) -> int:
    """A bound that grows no faster than the template, nor than the event."""
    return len(template) * 20 * (1000 + len(repr(data)))


def is_valid(content_type: str, written: str) -> bool:
    # A body is sent as UTF-8.
    written.encode()
    if content_type == FORM_TYPE:
        return FORM.fullmatch(written) is not None
    if content_type == "text/plain":
        return not re.search(CONTROLS, written)
    READERS[content_type](written)
    return True


@UNHURRIED
@given(
    st.sampled_from(sorted(BODIES)).flatmap(lambda kind: st.tuples(st.just(kind), BODIES[kind])),
    RUDE_DATA,
    st.booleans(),
)
def test_whatever_body_is_saved_renders_to_what_its_content_type_says_or_is_refused(
    typed: tuple[str, str],
    data: Any,
    strict: bool,  # noqa: FBT001  drawn by hypothesis
) -> None:
    content_type, template = typed
    try:
        written = compile_body(template, content_type, strict=strict)(scope(data))
    except (InvalidRule, Unrenderable):
        return

    assert is_valid(content_type, written)
    assert len(written) <= longest(template, data)


@UNHURRIED
@given(st.sampled_from(sorted(SOUND_BODIES)).flatmap(lambda kind: st.tuples(st.just(kind), SOUND_BODIES[kind])), DATA)
def test_filters_change_values_and_nothing_else(typed: tuple[str, str], data: Any) -> None:
    content_type, template = typed
    try:
        written = body(template, content_type, data)
    except (InvalidRule, Unrenderable):
        return

    assert is_valid(content_type, written)
    assert len(written) <= longest(template, data)


@UNHURRIED
@given(RUBBISH, st.sampled_from(["path", "query", "headers", "routing_key"]), RUDE_DATA)
def test_whatever_text_is_saved_renders_to_one_line_or_is_refused(template: str, key: str, data: Any) -> None:
    try:
        written = compile_text(template, key)(scope(data))
    except (InvalidRule, Unrenderable):
        return

    line = written or ""
    assert not re.search(r"[\r\n\0\ud800-\udfff]", line)
    assert len(line) <= longest(template, data)


def tags(element: ET.Element) -> Any:
    return element.tag, sorted(element.attrib), [tags(inner) for inner in element]


@UNHURRIED
@given(xml_trees(SOUND, st.nothing()), DATA, DATA)
def test_no_value_changes_the_elements_of_an_xml_body(tree: Element, data: Any, other: Any) -> None:
    try:
        first, second = (ET.fromstring(body(xml_written(tree), "text/xml", one)) for one in (data, other))
    except (InvalidRule, Unrenderable):
        return

    assert tags(first) == tags(second)


@UNHURRIED
@given(form_trees(SOUND, st.nothing()), DATA)
def test_no_value_changes_the_pairs_of_a_form(pairs: Any, data: Any) -> None:
    try:
        written = body(form_written(pairs), FORM_TYPE, data)
    except (InvalidRule, Unrenderable):
        return

    keys = [key for key, _ in parse_qsl(written, keep_blank_values=True)]
    assert keys == [key.replace("%41", "A") for key, _ in pairs]


@UNHURRIED
@given(st.lists(SOUND, min_size=1, max_size=3), DATA)
def test_no_value_in_quotes_changes_what_stands_around_it(placeholders: Any, data: Any) -> None:
    template = f'{{"before": 1, "inside": ["{"-".join(map(spelt, placeholders))}"], "behind": [true]}}'
    try:
        written = exact_json.loads(body(template, "application/json", data))
    except (InvalidRule, Unrenderable):
        return

    assert list(written) == ["before", "inside", "behind"]
    assert (written["before"], written["behind"]) == (1, [True])
    assert [type(element) for element in written["inside"]] == [str]


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
def test_a_header_or_routing_key_is_one_line_with_exactly_the_value_or_refused(data: Any) -> None:
    for key in ("headers", "routing_key"):
        meaning = f"<{as_text(data.get('a'))}>"
        try:
            line = compile_text("<{{a}}>", key)(scope(data))
        except Unrenderable:
            assert re.search(r"[\x00-\x1f\x7f-\x9f]", meaning) or len(meaning.encode()) > 255
        else:
            assert line == meaning
            assert not re.search(r"[\r\n\0]", line)
