from decimal import Decimal
from typing import Any

import pytest

from pipeline.rules.trial import differences, short


def told(expected: Any, found: Any) -> list[str]:
    return [str(one) for one in differences("payload", expected, found)]


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (1, 1),
        (1.0, 1),
        (1, 1.0),
        (87.5, Decimal("87.5")),
        (1.2345678901234568e20, Decimal(123456789012345678901)),
        (None, None),
        (True, True),
        ("é", "é"),
        ([], []),
        ({"a": 1, "b": [2, {"c": None}]}, {"b": [2.0, {"c": None}], "a": 1}),
    ],
)
def test_what_is_the_same(expected: Any, found: Any) -> None:
    assert told(expected, found) == []


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        (1, "1", 'payload: expected 1, found "1"'),
        ("1", 1, 'payload: expected "1", found 1'),
        (1, True, "payload: expected 1, found true"),
        (False, 0, "payload: expected false, found 0"),
        (0, None, "payload: expected 0, found null"),
        (2**53, Decimal(9007199254740993), "payload: expected 9007199254740992, found 9007199254740993"),
        ({}, [], "payload: expected {}, found []"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "payload.a.b: expected 1, found 2"),
        ({"a": None}, {}, "payload.a: expected null, found nothing"),
        ({}, {"a": None}, "payload.a: expected nothing, found null"),
        ([1, [2]], [1, [3]], "payload[1][0]: expected 2, found 3"),
        ([1], [1, 2], "payload[1]: expected nothing, found 2"),
        ([1, 2], [1], "payload[1]: expected 2, found nothing"),
        ("<a/>", "<a/>\n", r'payload: expected "<a/>", found "<a/>\n"'),
    ],
)
def test_what_differs(expected: Any, found: Any, said: str) -> None:
    assert told(expected, found) == [said]


def test_every_difference_is_told() -> None:
    assert told({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3, "d": 4}) == [
        "payload.b: expected 2, found 3",
        "payload.c: expected 3, found nothing",
        "payload.d: expected nothing, found 4",
    ]


def test_of_long_texts_the_place_is_shown_in_which_they_differ() -> None:
    [said] = told("x" * 1_000_000 + "left", "x" * 1_000_000 + "right")
    assert said == f'payload: expected …{"x" * 30}left", found …{"x" * 30}right"'


def test_a_long_value_is_cut() -> None:
    assert short("x" * 1000) == '"' + "x" * 119 + "…"
    assert short({"a": [1, None]}) == '{"a":[1,null]}'
