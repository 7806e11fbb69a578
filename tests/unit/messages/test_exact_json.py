from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import exact_json

_NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,2})?", fullmatch=True)


@given(_NUMBERS)
def test_a_number_is_written_as_the_number_that_was_read(spelt: str) -> None:
    [written] = exact_json.loads(b"[%s]" % exact_json.dumps(exact_json.loads(f'{{"a": {spelt}}}')["a"]))
    assert Decimal(str(written)) == Decimal(spelt)


@pytest.mark.parametrize("spelt", ["1e-400", "1E-400", "-7.5e-999", "1234567890123456.7", "123456789012345678901"])
@pytest.mark.parametrize("follows", ["]", ",1]", " ]", "\t]", "\r]", "\n]"], ids=repr)
def test_a_number_is_the_same_whatever_follows_it(spelt: str, follows: str) -> None:
    assert exact_json.loads(f"[{spelt}{follows}")[0] == Decimal(spelt)
    assert exact_json.loads(f'[{{"a": {spelt}}}{follows}')[0] == {"a": Decimal(spelt)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9007199254740993", 9007199254740993),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", Decimal(2**64)),
        ("-9223372036854775809", Decimal(-(2**63) - 1)),
        ("1.5", 1.5),
        ("0.1", 0.1),
        ("9007199254740993.5", Decimal("9007199254740993.5")),
        ("1e-400", Decimal("1e-400")),
        ("1e22", 1e22),
        ('"123456789012345678901234567890"', "123456789012345678901234567890"),
    ],
)
def test_only_what_64_bits_and_a_double_cannot_hold_becomes_a_decimal(text: str, value: Any) -> None:
    read = exact_json.loads(text)
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    "text", ["1e400", "-1e400", "[NaN]", "[1e-99999999999999999999]", "[" * 2000, "\ufeff{}", "{'a':1}"]
)
def test_what_cannot_be_kept_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        exact_json.loads(text)


def test_of_equal_keys_the_last_counts_whatever_the_numbers() -> None:
    assert exact_json.loads('{"a": 1, "a": 2}') == {"a": 2}
    assert exact_json.loads('{"a": 1, "a": 12345678901234567890123}') == {"a": Decimal(12345678901234567890123)}


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), object(), "\ud800"])
def test_what_is_no_json_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError):
        exact_json.dumps([value])
