"""The names that an event's data holds, and that they stay within bounds whatever it holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogue.shape import MAX_NAME_LENGTH, MAX_NAMES, names_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(), max_size=250), inner),
    max_leaves=60,
)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (None, set()),
        ("a text", set()),
        ([1, 2], set()),
        ({}, set()),
        ({"userid": 1, "other": None}, {"userid", "other"}),
        ({"other": {"enrol": "manual"}}, {"other", "other.enrol"}),
        ({"items": [{"sku": 1}, 7, {"price": {"net": 2}}]}, {"items", "items.sku", "items.price", "items.price.net"}),
        ({"rows": [[{"a": 1}]]}, {"rows", "rows.a"}),
        ([{"a": 1}], {"a"}),
        ({"user-id": 1, "año": 2, "two words": 3}, {"user-id", "año", "two words"}),
        ({"": 1, "a.b": 2, "\x1b[2J": 3, "a\x00": 4, "\ud800": 5}, set()),
        ({"a.b": {"c": 1}}, set()),
        ({"n" * MAX_NAME_LENGTH: 1}, {"n" * MAX_NAME_LENGTH}),
        ({"n" * (MAX_NAME_LENGTH + 1): {"c": 1}}, set()),
    ],
)
def test_a_name_leads_from_the_top_in_dots_and_without_indexes(data: Any, names: set[str]) -> None:
    assert names_of(data) == names


def test_where_there_are_too_many_the_deepest_are_left_out() -> None:
    deep = {f"a{n}": {f"b{m}": 1 for m in range(40)} for n in range(40)}
    names = names_of(deep)
    assert len(names) == MAX_NAMES
    assert set(deep) < names


def test_a_thousand_levels_are_looked_into_as_far_as_the_bounds_go() -> None:
    data: Any = 1
    for _ in range(1_000):
        data = {"a": data}
    assert len(names_of(data)) == MAX_NAME_LENGTH // 2


@given(JSON)
def test_whatever_the_data_is_its_names_are_few_short_and_printable(data: Any) -> None:
    names = names_of(data)
    assert len(names) <= MAX_NAMES
    assert all(0 < len(name) <= MAX_NAME_LENGTH and name.isprintable() for name in names)
    if isinstance(data, dict):
        assert names >= {key for key in data if key.isidentifier() and len(key) <= MAX_NAME_LENGTH}
