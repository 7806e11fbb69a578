"""The operators that look into texts and addresses, and `$or`; the others are in test_rule_conditions.py."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rules.conditions import compile_condition
from pipeline.rules.fault import InvalidRule


def holds(alternative: Any, value: Any) -> bool:
    return compile_condition({"x": [alternative]})({"x": value})


@pytest.mark.parametrize(
    ("alternative", "passes", "fails"),
    [
        ({"prefix": {"equals-ignore-case": "MOD_"}}, ["mod_quiz", "Mod_x"], ["amod_", 5, None]),
        ({"suffix": {"equals-ignore-case": ".PNG"}}, ["a.png", ".PnG"], ["png", ["x"]]),
        ({"equals-ignore-case": "straße"}, ["STRASSE", "Straße"], ["strase", 5]),
        ({"wildcard": "a*c"}, ["ac", "abc", "aXXc"], ["abcd", "", 5, None]),
        ({"wildcard": "*"}, ["", "x"], [5]),
        ({"wildcard": "a**b*c"}, ["abc", "a1b2c"], ["acb"]),
        ({"wildcard": "aa*aa"}, ["aaaa", "aa1aa"], ["aaa"]),
        ({"wildcard": r"5\*3"}, ["5*3"], ["5x3", r"5\*3"]),
        ({"wildcard": r"a\\*"}, ["a\\", "a\\b"], ["a*"]),
        ({"wildcard": r"\core\event\user_*"}, [r"\core\event\user_created"], ["core.event.user_created"]),
        ({"cidr": "10.0.0.0/8"}, ["10.1.2.3", "::ffff:10.1.2.3"], ["11.0.0.1", "10.1.2", 5, "::1", "1" * 100]),
        ({"cidr": "2001:db8::/32"}, ["2001:db8::1"], ["2001:db9::1", "10.0.0.1"]),
        ({"cidr": "192.0.2.7"}, ["192.0.2.7"], ["192.0.2.8"]),
        ({"anything-but": {"prefix": "mod_"}}, ["core", 5, None], ["mod_quiz"]),
        ({"anything-but": {"prefix": ["mod_", "tool_"]}}, ["core"], ["mod_quiz", "tool_x"]),
        ({"anything-but": {"suffix": "_viewed"}}, ["created"], ["x_viewed"]),
        ({"anything-but": {"wildcard": ["*a*", "*b*"]}}, ["xyz"], ["bag", "lab"]),
        ({"anything-but": {"equals-ignore-case": "ana"}}, ["anna"], ["ANA"]),
        ({"numeric": [">", 1]}, [Decimal(12345678901234567890123), "12345678901234567890123", "1.5"], ["1", True]),
        (12345678901234567, ["12345678901234567", Decimal(12345678901234567)], [12345678901234568]),
    ],
)
def test_an_operator_passes_and_fails(alternative: Any, passes: list[Any], fails: list[Any]) -> None:
    assert [value for value in passes if not holds(alternative, value)] == []
    assert [value for value in fails if holds(alternative, value)] == []


@pytest.mark.parametrize(
    ("when", "path", "message"),
    [
        ({"a": [{"cidr": "10.0.0.1/8"}]}, ("a", 0, "cidr"), "has host bits set"),
        ({"a": [{"cidr": 10}]}, ("a", 0, "cidr"), "expected a network, such as 10.0.0.0/8"),
        ({"a": [{"wildcard": 5}]}, ("a", 0, "wildcard"), "expected a text"),
        ({"a": [{"prefix": {"suffix": "x"}}]}, ("a", 0, "prefix"), "expected a text, found a mapping"),
        ({"a": [{"anything-but": {"prefx": "x"}}]}, ("a", 0, "anything-but"), "did you mean prefix?"),
        ({"a": [{"anything-but": {"prefix": []}}]}, ("a", 0, "anything-but", "prefix"), "found an empty list"),
        ({"a": [{"anything-but": {"prefix": [5]}}]}, ("a", 0, "anything-but", "prefix"), "expected a text"),
        ({"a": [{"anything-but": {"prefix": "a", "suffix": "b"}}]}, ("a", 0, "anything-but"), "of one operator"),
        ({"$or": {"a": [1]}}, ("$or",), "expected a list of conditions"),
        ({"$or": []}, ("$or",), "expected a list of conditions"),
        ({"$or": [{}]}, ("$or", 0), "expected a mapping of paths to lists"),
        ({"$or": [{"a": [1]}, {"b": 2}]}, ("$or", 1, "b"), "expected a list of at least one value"),
        ({"$or": [{"$or": [{"a": [{"prefx": 1}]}]}]}, ("$or", 0, "$or", 0, "a", 0, "prefx"), "did you mean prefix?"),
        ({"or": [{"a": [1]}]}, ("or",), "expected a name, or $or"),
        ({"$and": [{"a": [1]}]}, ("$and",), "expected a name, or $or"),
        ({"not": {"a": [1]}}, ("not",), "expected a name, or $or"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(when: Any, path: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InvalidRule) as refused:
        compile_condition(when)
    [fault] = refused.value.faults
    assert fault.path == path
    assert message in fault.message


def test_a_name_that_looks_like_or_can_still_be_asked_for_a_value() -> None:
    assert compile_condition({"or": ["x"], "not": [True]})({"or": "x", "not": True})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"a": 1, "b": 1}, True),
        ({"a": 1, "c": 2, "d": 3}, True),
        ({"a": 1, "c": 2}, False),
        ({"b": 1}, False),
        ({"a": 1}, False),
    ],
)
def test_one_branch_of_an_or_must_hold_and_so_must_the_lines_beside_it(
    data: dict[str, int],
    expected: bool,  # noqa: FBT001  a column of the table
) -> None:
    when = compile_condition({"a": [1], "$or": [{"b": [1]}, {"c": [2], "$or": [{"d": [3]}, {"d": [4]}]}]})
    assert when(data) is expected
    assert all(line.holds for line in when.explain(data)) is expected
    assert when.paths == {"a", "b", "c", "d"}


def test_a_condition_is_explained_line_by_line() -> None:
    when = compile_condition({"a.b": [1, {"prefix": "x"}], "$or": [{"c": [2]}, {"c": [3]}]})
    first, second = when.explain({"a": [{"b": 5}, {"b": "y"}], "c": 3})
    assert (first.path, first.asked, first.found, first.holds) == ("a.b", '[1,{"prefix":"x"}]', (5, "y"), False)
    assert (second.path, second.found, second.holds) == ("$or", (), True)
    assert [[line.holds for line in branch] for branch in second.branches] == [[False], [True]]


def test_a_bound_is_the_number_that_is_written_for_numbers_of_any_length() -> None:
    # The double nearest to 87.55 is below the first of these, the one nearest to 0.1 above the second.
    assert not holds({"numeric": [">=", 87.55]}, "87.54999999999999999")
    assert holds({"numeric": [">", 0.1]}, Decimal("0.10000000000000000001"))
    assert holds({"numeric": ["=", 87.55]}, "87.550000000000000000")


def test_a_wildcard_of_many_stars_takes_no_longer_than_its_text_is_long() -> None:
    # With backtracking this would not end.
    assert not holds({"wildcard": "a*" * 200 + "b"}, "a" * 100_000)


_TEXT = st.text("ab*\\", max_size=6)


@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=4), st.text("ab", max_size=8))
def test_a_wildcard_fits_what_a_regular_expression_fits(parts: list[str], text: str) -> None:
    import re  # noqa: PLC0415  the oracle, which nothing else here may use

    assert holds({"wildcard": "*".join(parts)}, text) == bool(re.fullmatch(".*".join(parts), text))


@given(_TEXT)
def test_an_escaped_text_fits_itself_alone(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace("*", "\\*")
    assert holds({"wildcard": escaped}, text)
    assert not holds({"wildcard": escaped}, text + "x")
