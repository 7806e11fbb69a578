from contextlib import suppress
from typing import Any

from condition_strategies import CONDITIONS, DATA
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.rules.conditions import compile_condition
from pipeline.rules.fault import InvalidRule
from pipeline.rules.never import never


@given(CONDITIONS, DATA)
def test_the_explanation_says_what_the_condition_does(when: dict[str, Any], data: Any) -> None:
    condition = compile_condition(when)
    assert condition(data) is all(line.holds for line in condition.explain(data))


@given(CONDITIONS, DATA)
@example({"a": [{"exists": False}], "a.b": [{"exists": True}]}, {"a": [{"b": 1}]})
@example({"$or": [{"a": [{"numeric": [">", 1, "<", 1]}]}]}, {"a": [0, 2]})
def test_a_condition_of_which_it_is_said_that_it_never_holds_never_holds(when: dict[str, Any], data: Any) -> None:
    if never(when):
        assert not compile_condition(when)(data)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3)
            | st.sampled_from(["$or", "a.b", "numeric", "prefix", "anything-but", "cidr", "exists"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=3) | st.sampled_from(["$or", "a.b"]), _ANYTHING, max_size=3), DATA)
def test_whatever_stands_in_when_compiles_and_answers_or_is_refused(when: dict[str, Any], data: Any) -> None:
    with suppress(InvalidRule):
        assert compile_condition(when)(data) in (True, False)
