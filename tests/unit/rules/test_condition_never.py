from typing import Any

import pytest

from pipeline.rules.conditions import compile_condition
from pipeline.rules.never import never

ABSENT: dict[str, Any] = {"exists": False}


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ({"a": [{"numeric": [">", 5, "<", 3]}]}, "a can be no such number"),
        ({"a": [{"numeric": [">", 5, "<=", 5]}]}, "a can be no such number"),
        ({"a": [{"numeric": ["=", 5, "=", 6]}]}, "a can be no such number"),
        ({"a": [{"numeric": [">", 5, "<", 3]}, {"numeric": [">", 5, "<", 4]}]}, "a can be no such number"),
        ({"a": [ABSENT], "a.b": [1]}, "a must not exist, and a.b below it must"),
        ({"a.b.c": [{"exists": True}], "a": [ABSENT, ABSENT]}, "a must not exist, and a.b.c below it must"),
        ({"$or": [{"a": [{"numeric": [">", 5, "<", 3]}]}, {"b": [ABSENT], "b.c": [2]}]}, "no branch of $or can hold"),
        ({"a": [ABSENT], "$or": [{"a.b": [1]}, {"a.c": [1]}]}, "no branch of $or can hold"),
    ],
)
def test_a_condition_that_cannot_hold_is_seen(when: dict[str, Any], reason: str) -> None:
    compile_condition(when)
    assert reason in str(never(when))


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"a": [{"numeric": [">=", 5, "<=", 5]}]},
        {"a": [{"numeric": [">", 5, "<", 3]}, 7]},
        {"a": [ABSENT], "a.b": [ABSENT]},
        {"a": [ABSENT], "ab": [1]},
        {"a": [ABSENT, 1], "a.b": [1]},
        {"$or": [{"a": [{"numeric": [">", 5, "<", 3]}]}, {"b": [2]}]},
    ],
)
def test_of_a_condition_that_may_hold_nothing_is_said(when: dict[str, Any]) -> None:
    assert never(when) is None
