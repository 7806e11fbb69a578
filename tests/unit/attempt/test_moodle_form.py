"""JSON payloads as the form that PHP reads for Moodle's web services."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.attempt.moodle.form import form
from pipeline.errors import Unrenderable
from pipeline.exact_json import dumps

CALL = {"wstoken": "t0", "moodlewsrestformat": "json", "wsfunction": "core_user_create_users"}


def fields(payload: str | None) -> list[tuple[str, str]]:
    """The fields of the form between those of the call."""
    read = parse_qsl(form(CALL, payload), keep_blank_values=True, strict_parsing=True)
    assert [*read[:2], read[-1]] == [*CALL.items()]
    return read[2:-1]


def test_the_function_stands_last_so_that_a_form_of_which_php_reads_the_beginning_only_calls_nothing() -> None:
    """PHP drops what is beyond its max_input_vars without a word: half of a list of users would be created."""
    assert form(CALL, '{"users": [{"username": "a b"}]}') == (
        "wstoken=t0&moodlewsrestformat=json&users[0][username]=a+b&wsfunction=core_user_create_users"
    )


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (None, []),
        ("{}", []),
        ('{"users": [{"username": "ann", "id": 5}, {"username": "bob"}]}',
         [("users[0][username]", "ann"), ("users[0][id]", "5"), ("users[1][username]", "bob")]),
        ('{"values": [1, 2]}', [("values[0]", "1"), ("values[1]", "2")]),
        ('{"a": [[1], [2, 3]]}', [("a[0][0]", "1"), ("a[1][0]", "2"), ("a[1][1]", "3")]),
        ('{"a": {"b": {"c": "d"}}}', [("a[b][c]", "d")]),
        ('{"visible": true, "hidden": false}', [("visible", "1"), ("hidden", "0")]),
        ('{"a": null, "b": [null, 5], "c": {"d": null}}', [("b[1]", "5")]),
        ('{"a": [], "b": {}, "c": [{}]}', []),
        ('{"a": ""}', [("a", "")]),
        ('{"a": 123456789012345678901, "b": 0.12345678901234567, "c": 87.5, "d": -0}',
         [("a", "123456789012345678901"), ("b", "0.12345678901234567"), ("c", "87.5"), ("d", "0")]),
        ('{"a": "Zoë ✓ 日本 🎓"}', [("a", "Zoë ✓ 日本 🎓")]),
        ('{"a": "x&wstoken=1;[%41+] =\\u0000\\r\\n"}', [("a", "x&wstoken=1;[%41+] =\0\r\n")]),
        ('{"a": 1, "a": 2}', [("a", "2")]),
        ('{"moodlewssettingfilter": true}', [("moodlewssettingfilter", "1")]),
        ('{"a": {"wstoken": "of a parameter\'s own"}}', [("a[wstoken]", "of a parameter's own")]),
    ],
)  # fmt: skip
def test_a_payload_becomes_fields(payload: str | None, expected: list[tuple[str, str]]) -> None:
    assert fields(payload) == expected


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ("<users/>", "the payload is no JSON, expected an object of the function's parameters"),
        ("", "the payload is no JSON, expected an object of the function's parameters"),
        ("[1]", "the payload is a list, expected an object of the function's parameters"),
        ("null", "the payload is null, expected an object of the function's parameters"),
        ('"secret words"', "the payload is a text, expected an object of the function's parameters"),
        ('{"wstoken": "mine"}', "the payload has wstoken, which this hub sets itself"),
        ('{"wsfunction": {"a": 1}, "moodlewsrestformat": "xml"}',
         "the payload has moodlewsrestformat and wsfunction, which this hub sets itself"),
        ("[" * 200 + "]" * 200, "the payload is a list, expected an object of the function's parameters"),
    ],
)  # fmt: skip
def test_what_is_no_object_of_parameters_is_refused(payload: str, why: str) -> None:
    with pytest.raises(Unrenderable) as refused:
        form(CALL, payload)
    assert str(refused.value) == why


@pytest.mark.parametrize("key", [" wstoken", "wstoken[", "wstoken\0x", "wstoken]", "", "[]", "a b", "ü", "a=b", "a&b"])
def test_a_key_that_php_reads_as_another_is_refused(key: str) -> None:
    """PHP drops spaces in front and what follows a NUL: such a key would be the token, or the function."""
    for payload, place in (({key: 1}, "the payload"), ({"a": [{key: 1}]}, "a[0]")):
        with pytest.raises(Unrenderable, match="expected letters, digits and _") as refused:
            form(CALL, dumps(payload).decode())
        assert str(refused.value).startswith(f"{place} has a key that no parameter")


def test_what_php_would_drop_for_its_depth_is_refused() -> None:
    def nested(levels: int) -> str:
        return '{"a":' + "[" * (levels - 1) + "1" + "]" * (levels - 1) + "}"

    assert fields(nested(64)) == [("a" + "[0]" * 63, "1")]
    for levels in (65, 900):
        with pytest.raises(Unrenderable, match="nested deeper than the 64 levels that PHP reads") as refused:
            form(CALL, nested(levels))
        assert len(str(refused.value)) < 200


scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(st.characters(exclude_categories=["Cs"]))
)
names = st.text("abcxyz019_", min_size=1, max_size=8)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=20
)


def leaves(value: Any, path: tuple[str, ...] = ()) -> Mapping[tuple[str, ...], str]:
    """Every value that a form can carry, by its path."""
    if isinstance(value, dict | list):
        keyed = value.items() if isinstance(value, dict) else enumerate(value)
        return {at: leaf for key, inner in keyed for at, leaf in leaves(inner, (*path, str(key))).items()}
    if value is None:
        return {}
    return {path: str(int(value)) if isinstance(value, bool) else str(value)}


@given(st.dictionaries(names, values, max_size=4))
def test_every_value_arrives_under_its_own_path(payload: dict[str, Any]) -> None:
    read = fields(dumps(payload).decode())
    arrived = {tuple(name.replace("]", "").split("[")): value for name, value in read}
    assert len(arrived) == len(read)
    assert arrived == leaves(payload)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=30, min_value=-10, max_value=10))
def test_a_number_arrives_as_exactly_as_it_was_spelt(number: Decimal) -> None:
    (field,) = fields(f'{{"grade": {number:f}}}')
    assert Decimal(field[1]) == number
