from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rules.conditions import compile_condition
from pipeline.rules.doubles import Sending, doubles
from pipeline.rules.pattern import compile_pattern


def sending(rule: str, event: str, when: dict[str, Any] | None = None, what: str = "same") -> Sending:
    return Sending(rule, compile_pattern(event), when or {}, what)


@pytest.mark.parametrize(
    ("first", "second", "are"),
    [
        (("x.y",), ("x.y",), True),
        (("x.y",), ("\\x.y",), True),
        (("x.y",), ("x.z",), False),
        (("x.y",), ("x.*",), True),
        (("x.*",), ("x.y",), True),
        (("a*",), ("*b",), True),
        (("a*",), ("b*",), False),
        (("*",), ("*",), True),
        (("*",), ("mih.delivered",), False),
        (("x", {"a": [1]}), ("x", {"a": [2]}), False),
        (("x", {"a": [1, 2]}), ("x", {"a": ["2"]}), True),
        (("x", {"a": [1]}), ("x", {"b": [2]}), True),
        (("x", {"a": [1]}), ("x",), True),
        (("x", {"a": [1]}), ("x", {"a": [{"prefix": "2"}]}), True),
        (("x", {"a": ["5"]}), ("x", {"a": ["5.0"]}), True),
        (("x", {"a": [True]}), ("x", {"a": [1]}), False),
        (("x", {"a": [None]}), ("x", {"a": [None, False]}), True),
        (("x", {"a": [1], "b": [1]}), ("x", {"a": [1], "b": [2]}), False),
        (("x", {"a": [1], "$or": [{"b": [1]}]}), ("x", {"a": [1], "$or": [{"b": [2]}]}), True),
        (("x.*", {"a": [1]}), ("x.y", {"a": [2]}), False),
        (("x", {}, "one"), ("x", {}, "another"), False),
    ],
)
def test_two_rules_send_the_same_of_one_event(
    first: tuple[Any, ...],
    second: tuple[Any, ...],
    are: bool,  # noqa: FBT001  a column of the table
) -> None:
    expected = [("second", "first")] if are else []
    assert list(doubles([sending("first", *first), sending("second", *second)])) == expected


def test_each_rule_is_told_once_with_the_first_that_it_doubles() -> None:
    assert list(doubles(sending(name, "x") for name in "abc")) == [("b", "a"), ("c", "a")]


def test_ten_thousand_events_to_one_service_are_looked_at_one_by_one() -> None:
    # As pairs they would be fifty million.
    assert list(doubles(sending(f"r{number}", f"e{number}") for number in range(10_000))) == []


def test_ten_thousand_courses_told_apart_by_number_are_looked_at_one_by_one() -> None:
    whens = ({"role": [5], "course": [number, str(number)]} for number in range(10_000))
    alike = [
        *(sending(f"r{number}", "e", when) for number, when in enumerate(whens)),
        sending("last", "e", {"role": [5]}),
    ]
    assert list(doubles(alike)) == [("last", "r0")]


def test_of_several_that_it_doubles_a_rule_is_told_the_first() -> None:
    first, second = sending("first", "e", {"a": [2]}), sending("second", "e", {"a": [1]})
    assert list(doubles([first, second, sending("third", "e", {"a": [1, 2]})])) == [("third", "first")]
    assert list(doubles([first, second, sending("third", "*")])) == [("third", "first")]
    assert list(doubles([sending("wild", "*"), sending("exact", "e"), sending("third", "e")])) == [
        ("exact", "wild"),
        ("third", "wild"),
    ]


_WHENS = st.dictionaries(
    st.sampled_from("ab"),
    st.lists(st.sampled_from([1, 2, "1", "x", True, None, {"prefix": "x"}]), min_size=1),
    max_size=2,
)


@given(
    st.lists(st.tuples(st.sampled_from(["x", "y", "x*", "*"]), _WHENS), max_size=5), st.sampled_from("xy"), st.data()
)
def test_no_event_is_sent_twice_without_a_warning(rules: list[tuple[str, Any]], name: str, data: st.DataObject) -> None:
    happened = data.draw(st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, 2, "1", "x", True, None])))
    warned = dict(doubles(sending(str(number), *rule) for number, rule in enumerate(rules)))
    hears = [
        str(number)
        for number, (event, when) in enumerate(rules)
        if compile_pattern(event).matches(name) and compile_condition(when)(happened)
    ]
    assert warned.keys() >= set(hears[1:])


_GLOBS = st.lists(st.text("ab", max_size=2), min_size=1, max_size=3).map("*".join).filter(bool)


@given(_GLOBS, _GLOBS, st.text("ab", min_size=1, max_size=6))
def test_two_patterns_that_one_name_fits_meet(one: str, other: str, name: str) -> None:
    first, second = compile_pattern(one).names, compile_pattern(other).names
    if first.fits(name) and second.fits(name):
        assert first.meets(second)
        assert second.meets(first)


@given(_GLOBS, _GLOBS)
def test_two_patterns_that_meet_have_a_name_that_fits_both(one: str, other: str) -> None:
    first, second = compile_pattern(one).names, compile_pattern(other).names
    if not first.meets(second):
        return
    stars = [names for names in (first, second) if names.tail is not None]
    if len(stars) < 2:
        exact = first if first.tail is None else second
        name = exact.head
    else:
        tails = (str(first.tail), str(second.tail))
        name = max(first.head, second.head, key=len) + "".join((*first.middle, *second.middle)) + max(tails, key=len)
    assert first.fits(name)
    assert second.fits(name)
