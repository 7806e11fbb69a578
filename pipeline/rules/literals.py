"""Values that a condition names as they are, and when a value of an event is the same.

A number and a text that spells it are the same, either way round: Moodle sends the same id as `5` from one database
and as `"5"` from another. Two texts are the same only letter by letter (`"5"` is not `"5.0"`), true is not 1, and null
is a value like any other.
"""

import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from pipeline.rules.numeral import read_number

#: Asks one value.
Test = Callable[[Any], bool]


def is_number(value: Any) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_literal(value: Any) -> bool:
    """Whether a condition can name this value as it is."""
    return value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def equals_any(literals: Iterable[Any]) -> Test:
    """Pass what equals one of the literals."""
    known = list(literals)
    texts = {value for value in known if isinstance(value, str)}
    numbers = {value for value in known if is_number(value)}
    spelt = numbers | {number for text in texts if (number := read_number(text)) is not None}
    others = [value for value in known if value is None or isinstance(value, bool)]

    def test(value: Any) -> bool:
        if isinstance(value, str):
            return value in texts or (bool(numbers) and read_number(value) in numbers)
        if is_number(value):
            return value in spelt
        return any(value is other for other in others)

    return test
