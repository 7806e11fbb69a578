"""How JSON values are spelt as XML Schema's built-in types; boundaries included."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.attempt.soap.lexical import spelt


@pytest.mark.parametrize(
    ("value", "builtin", "text"),
    [
        ("a", "string", "a"), (5, "string", "5"), (2.5, "string", "2.5"), (True, "string", "true"), ("", "string", ""),
        (2**31 - 1, "int", "2147483647"), (-(2**31), "int", "-2147483648"), ("42", "int", "42"), (5.0, "int", "5"),
        (Decimal(2**64), "integer", "18446744073709551616"), ("9" * 5000, "integer", "9" * 5000),
        (0, "nonNegativeInteger", "0"), (1, "positiveInteger", "1"), (255, "unsignedByte", "255"),
        (2**64 - 1, "unsignedLong", str(2**64 - 1)), (-1, "negativeInteger", "-1"),
        (1e-7, "decimal", "0.0000001"), (1e22, "decimal", "10000000000000000000000"), (1, "decimal", "1"),
        (Decimal("0.12345678901234567890"), "decimal", "0.12345678901234567890"), ("-.5", "decimal", "-.5"),
        (1e300, "double", "1E+300"), ("-INF", "double", "-INF"), (1, "float", "1"), ("1e5", "float", "1e5"),
        (False, "boolean", "false"), ("1", "boolean", "1"), (0, "boolean", "0"),
        ("2026-11-20T24:00:00+01:00", "dateTime", "2026-11-20T24:00:00+01:00"), ("2026-11-20Z", "date", "2026-11-20Z"),
        ("10:00:00", "time", "10:00:00"), ("P1Y2M3DT4H5M6.7S", "duration", "P1Y2M3DT4H5M6.7S"),
        ("--02", "gMonth", "--02"), ("---31", "gDay", "---31"), ("--02-29", "gMonthDay", "--02-29"),
        (2026, "gYear", "2026"),
        ("0aFF", "hexBinary", "0aFF"), ("YQ==", "base64Binary", "YQ=="), ("a:b", "QName", "a:b"),
    ],
)  # fmt: skip
def test_a_value_is_spelt_as_its_type_asks(value: Any, builtin: str, text: str) -> None:
    assert spelt(value, builtin) == text


@pytest.mark.parametrize(
    ("value", "builtin", "found"),
    [
        (None, "string", "null"), ([], "string", "a list"), ({}, "int", "a mapping"),
        ("a\x01", "string", "a character"),
        ("\ud800", "string", "a character"), (2**31, "int", "a number beyond"),
        (-(2**31) - 1, "int", "a number beyond"),
        (256, "unsignedByte", "a number beyond"), (-1, "nonNegativeInteger", "a number beyond"),
        (0, "positiveInteger", "a number beyond"),
        (2.5, "int", "a number"), (True, "int", "true or false"), ("", "int", "a text"), (" 1", "int", "a text"),
        ("٣", "int", "a text"), (2, "boolean", "a number"), ("TRUE", "boolean", "a text"), ("1,5", "decimal", "a text"),
        (Decimal("1E+9999"), "decimal", "a number"), (Decimal("1E+9999"), "integer", "a number"),
        ("NaN", "decimal", "a text"), ("2026-13-01", "date", "a text"), ("2026-11-20", "dateTime", "a text"),
        ("2026-11-20 10:00:00", "dateTime", "a text"), ("25:00:00", "time", "a text"), ("P", "duration", "a text"),
        ("P1DT", "duration", "a text"), (26, "gYear", "a number"), ("abc", "hexBinary", "a text"),
        ("é", "base64Binary", "a text"),
    ],
)  # fmt: skip
def test_what_is_no_value_of_the_type_is_told_by_its_kind(value: Any, builtin: str, found: str) -> None:
    with pytest.raises(ValueError, match=f"^{found}"):
        spelt(value, builtin)
