"""Filters that give numbers: exact, whatever their size."""

import math
from decimal import Decimal
from typing import Any

from pipeline.errors import Unrenderable
from pipeline.rules.numeral import read_number


def to_number(value: Any) -> int | float | Decimal:
    """Read a text as a number; true is 1."""
    if isinstance(value, bool):
        return int(value)
    number = read_number(value) if isinstance(value, str) else value
    if not isinstance(number, int | float | Decimal):
        raise Unrenderable("expected a number")
    return number


def to_int(value: Any) -> int:
    """Cut off what follows the decimal point."""
    number = to_number(value)
    if isinstance(number, int):
        return number
    # As it is spelt: the double nearest to 1e23 is a little less.
    exact = Decimal(repr(number)) if isinstance(number, float) else number
    # An event's numbers are within a double's range, and only those are: 1E+999999999 would fill the memory.
    if not math.isfinite(exact):
        raise Unrenderable("expected a number that has an end")
    return int(exact)
