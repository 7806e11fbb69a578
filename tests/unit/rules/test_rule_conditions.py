from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rules.conditions import compile_condition
from pipeline.rules.fault import InvalidRule
from pipeline.rules.numeral import read_number

GRADED = {
    "objectid": 5,
    "courseid": 7,
    "relateduserid": None,
    "crud": "u",
    "other": {"itemid": "2", "overridden": False, "finalgrade": "87.50000", "code": "007"},
    "items": [{"sku": "a-1", "n": 1}, {"sku": "b-2", "n": [20, 30]}],
    "tags": ["new", ["deep"]],
    "none": [],
}


def holds(when: dict[str, Any], data: Any = GRADED) -> bool:
    return compile_condition(when)(data)


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"objectid": [5]},
        {"objectid": [4, 5]},
        {"objectid": [5.0]},
        {"objectid": [5], "courseid": [7]},
        {"crud": ["c", "u"]},
        {"relateduserid": [None]},
        {"other.overridden": [False]},
        {"other.finalgrade": ["87.50000"]},
        {"crud": [{"prefix": "u"}]},
        {"other.finalgrade": [{"suffix": "000"}]},
        {"objectid": [4, {"numeric": [">", 4]}]},
        {"courseid": [{"numeric": [">", 1, "<=", 7]}]},
        {"courseid": [{"numeric": ["=", 7.0]}]},
        {"other.finalgrade": [{"numeric": [">=", 87.5]}]},
        {"crud": [{"anything-but": "c"}]},
        {"crud": [{"anything-but": ["c", "r", None, 1]}]},
        {"objectid": [{"anything-but": None}]},
        {"other.itemid": [{"exists": True}]},
        {"relateduserid": [{"exists": True}]},
        {"other.nope": [{"exists": False}]},
        {"nope.deeper": [{"exists": False}]},
        {"crud.deeper": [{"exists": False}]},
        {"none": [{"exists": False}]},
        {"other": [{"exists": True}]},
        {"nope": [1, {"exists": False}]},
    ],
)
def test_a_condition_holds(when: dict[str, Any]) -> None:
    assert holds(when)


@pytest.mark.parametrize(
    "when",
    [
        {"objectid": [6]},
        {"objectid": [5], "courseid": [8]},
        {"crud": ["U"]},
        {"relateduserid": [0]},
        {"relateduserid": [""]},
        {"relateduserid": [{"numeric": ["=", 0]}]},
        {"nope": [None]},
        {"nope": [{"anything-but": 1}]},
        {"crud": [{"prefix": "x"}]},
        {"objectid": [{"prefix": "5"}]},
        {"objectid": [{"suffix": "5"}]},
        {"courseid": [{"numeric": [">", 1, "<", 7]}]},
        {"crud": [{"numeric": [">", 0]}]},
        {"other.overridden": [{"numeric": ["=", 0]}]},
        {"crud": [{"anything-but": ["u", "c"]}]},
        {"objectid": [{"anything-but": 5.0}]},
        {"relateduserid": [{"anything-but": None}]},
        {"relateduserid": [{"exists": False}]},
        {"other.nope": [{"exists": True}]},
        {"none": [{"exists": True}]},
        {"none": [{"anything-but": 1}]},
        {"items.nope": [{"exists": True}]},
    ],
)
def test_a_condition_does_not_hold(when: dict[str, Any]) -> None:
    assert not holds(when)


@pytest.mark.parametrize(
    ("literal", "value", "same"),
    [
        (5, 5, True),
        (5, 5.0, True),
        (5, "5", True),
        (5, "5.00000", True),
        ("5", 5, True),
        ("5", "5", True),
        ("5.0", 5, True),
        (-1.5, "-1.5", True),
        (2**53 + 1, str(2**53 + 1), True),
        (2**53, 2**53 + 1, False),
        ("5", "5.0", False),
        (7, "007", False),
        ("007", 7, False),
        (5, " 5", False),
        (1, "1_000", False),
        (1, True, False),
        (True, 1, False),
        (True, "true", False),
        (0, False, False),
        (0, "", False),
        (0, None, False),
        (None, 0, False),
        (True, True, True),
        (False, False, True),
        (None, None, True),
        ("a", ["b", "a"], True),
        ("a", {"a": "a"}, False),
    ],
)
def test_a_number_is_the_same_as_a_text_that_spells_it_and_nothing_else_is_stretched(
    literal: Any,
    value: Any,
    same: bool,  # noqa: FBT001  a column of the table
) -> None:
    assert holds({"x": [literal]}, {"x": value}) is same
    if not isinstance(value, list):
        assert holds({"x": [{"anything-but": literal}]}, {"x": value}) is not same


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"tags": ["new"]}, True),
        ({"tags": ["deep"]}, True),
        ({"tags": ["old"]}, False),
        ({"tags": [{"prefix": "d"}]}, True),
        ({"items.sku": ["b-2"]}, True),
        ({"items.sku": ["c-3"]}, False),
        ({"items.n": [{"numeric": [">", 25]}]}, True),
        ({"items.n": [{"numeric": [">", 30]}]}, False),
        ({"items.sku": [{"anything-but": "a-1"}]}, True),
    ],
)
def test_any_element_of_an_array_may_do(
    when: dict[str, Any],
    expected: bool,  # noqa: FBT001  a column of the table
) -> None:
    assert holds(when) is expected


@pytest.mark.parametrize("data", [None, 5, "text", [], {}, True, [[{"x": 0}]]])
def test_any_json_value_can_be_asked(data: Any) -> None:
    assert not holds({"x": [1]}, data)
    assert holds({}, data)


def test_arrays_nested_deeper_than_python_calls_are_asked_all_the_same() -> None:
    nested: Any = "x"
    for _ in range(5000):
        nested = [nested]

    assert holds({"x": ["x"]}, {"x": nested})


@pytest.mark.parametrize(
    ("when", "path", "message"),
    [
        ({"objectid": [{"numerc": [">", 1]}]}, ("objectid", 0, "numerc"), "did you mean numeric?"),
        ({"a": [1, {"zzz": 1}]}, ("a", 1, "zzz"), "expected one of anything-but cidr equals-ignore-case exists"),
        ({"a": [{"numeric": [">"]}]}, ("a", 0, "numeric"), "expected comparisons and numbers in turn"),
        ({"a": [{"numeric": 5}]}, ("a", 0, "numeric"), "expected comparisons and numbers in turn"),
        ({"a": [{"numeric": ["=>", 1]}]}, ("a", 0, "numeric", 0), "expected one of < <= = >= >"),
        ({"a": [{"numeric": [">", 1, "<", "x"]}]}, ("a", 0, "numeric", 3), "expected a number, found a text"),
        ({"a": [{"numeric": [">", True]}]}, ("a", 0, "numeric", 1), "expected a number, found true or false"),
        ({"a": [{"prefix": 5}]}, ("a", 0, "prefix"), "expected a text, found a number"),
        ({"a": [{"suffix": None}]}, ("a", 0, "suffix"), "expected a text, found null"),
        ({"a": [{"exists": "yes"}]}, ("a", 0, "exists"), "expected true or false, found a text"),
        ({"a": [{"anything-but": []}]}, ("a", 0, "anything-but"), "expected a value or a list of values"),
        ({"a": [{"anything-but": [[1]]}]}, ("a", 0, "anything-but"), "expected a value or a list of values"),
        ({"a": [{"prefix": "a", "suffix": "b"}]}, ("a", 0), "a mapping of one operator"),
        ({"a": [[1]]}, ("a", 0), "a mapping of one operator"),
        ({"a": [float("nan")]}, ("a", 0), "a mapping of one operator"),
        ({"a": 5}, ("a",), "expected a list of at least one value, such as [5], found a number"),
        ({"a": []}, ("a",), "expected a list of at least one value"),
        ({"other": {"itemid": [2]}}, ("other",), "deeper names are written with dots"),
        ({"other..itemid": [2]}, ("other..itemid",), "expected names with dots between them"),
        ({5: [2]}, (5,), "expected names with dots between them"),
        ([{"a": [1]}], (), "expected a mapping of paths to lists"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused_with_its_place(
    when: Any, path: tuple[str | int, ...], message: str
) -> None:
    with pytest.raises(InvalidRule) as refused:
        compile_condition(when)

    [fault] = refused.value.faults
    assert fault.path == path
    assert message in fault.message


def test_all_faults_of_a_condition_are_told_at_once() -> None:
    with pytest.raises(InvalidRule) as refused:
        compile_condition({"a": [{"numerc": 1}, 5, {"prefix": 1}], "b": 2})

    assert [fault.path for fault in refused.value.faults] == [("a", 0, "numerc"), ("a", 2, "prefix"), ("b",)]
    assert refused.value.faults[0].hint == "numeric"


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("-0.0", 0), ("87.50000", 87.5), ("1e3", 1000), ("9" * 30, 10**30 - 1), ("-5E-1", -0.5)],
)
def test_a_numeral_is_read(text: str, number: float) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "01", "+1", "1.", ".5", "1_0", "nan", "inf", "1e999", "0x1", "٣", "9" * 5000, "1\n"]
)
def test_what_json_would_not_spell_so_is_no_numeral(text: str) -> None:
    assert read_number(text) is None


@settings(deadline=None)
@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_read_from_its_own_spelling(number: float) -> None:
    assert read_number(repr(number)) == number
