"""A sample shows what an event holds: short, without secrets, and harmless to whoever reads it."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import exact_json
from pipeline.catalogue.sample import shortened

#: Bytes of the largest sample, with room for letters of four bytes.
BOUND = 40_000
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(st.characters()), inner, max_size=40),
    max_leaves=200,
)


@pytest.mark.parametrize(
    ("data", "sample"),
    [
        (None, None),
        (7, 7),
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 40 + "…"),
        ({"a": {"b": [1, 2, 3]}}, {"a": {"b": [1, 2, 3]}}),
        ([1, 2, 3, 4], [1, 2, 3, "…"]),
        ({"a": True, "b": None, "c": 0.5, "d": 2**64 - 1}, {"a": True, "b": None, "c": 0.5, "d": 2**64 - 1}),
        ({"n": Decimal(123456789012345678901)}, {"n": Decimal(123456789012345678901)}),
        ({"n": Decimal("9" * 41)}, {"n": "9" * 40 + "…"}),
        ({"k" * 50: 1}, {"k" * 40 + "…": 1}),
        ({"two": "lines\nof\ttext"}, {"two": "lines\nof\ttext"}),
        ({"odd": "a\x00b\x1b[2J\x9b\ud800\u202e"}, {"odd": "a�b�[2J���"}),
    ],
)
def test_values_are_shortened_and_shapes_are_kept(data: Any, sample: Any) -> None:
    assert shortened(data) == sample


@pytest.mark.parametrize(
    "name",
    [
        *("password", "newPassword", "user_passwd", "PWD", "token", "access_token", "clientSecret", "credentials"),
        *("Authorization", "authorisation", "apikey", "api_key", "X-API-Key", "private-key"),
        *("cookie", "sesskey", "sessionid", "pass", "smtppass", "db_pass", "userPass", "jwt"),
    ],
)
def test_what_a_name_calls_a_secret_is_masked_whatever_it_is(name: str) -> None:
    assert shortened({"in": [{name: "hunter2"}]}) == {"in": [{name: "***"}]}
    assert shortened({name: {"deep": ["hunter2"]}}) == {name: "***"}


@pytest.mark.parametrize(
    "name", ["passed", "gradepass", "bypass", "keyword", "contextid", "author", "session", "accesses"]
)
def test_a_name_that_only_looks_a_little_like_a_secret_shows_its_value(name: str) -> None:
    assert shortened({name: 5}) == {name: 5}


def test_a_secret_at_the_end_of_a_long_name_is_masked() -> None:
    assert shortened({"x" * 900 + "_password": "hunter2"}) == {"x" * 40 + "…": "***"}


def test_an_object_with_too_many_members_says_that_there_are_more() -> None:
    sample = shortened({f"a{n}": n for n in range(1_000)})
    assert sample["a0"] == 0
    assert len(sample) == 100
    assert sample["…"] == "…"


def test_the_data_itself_is_not_touched() -> None:
    data = {"token": "hunter2", "list": [1, 2, 3, 4], "inner": {"text": "x" * 50}}
    shortened(data)
    assert data == {"token": "hunter2", "list": [1, 2, 3, 4], "inner": {"text": "x" * 50}}


@given(JSON)
def test_whatever_the_data_is_its_sample_is_small_and_can_be_written(data: Any) -> None:
    assert len(exact_json.dumps(shortened(data))) < BOUND


def test_the_worst_that_fits_into_a_body_is_still_a_small_sample() -> None:
    worst: Any = "\U0001f600" * 1_000
    for _ in range(500):
        worst = {"\U0001f600" * 100 + str(n): worst for n in range(3)}
    assert len(exact_json.dumps(shortened(worst))) < BOUND
