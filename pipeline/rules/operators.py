"""What a condition may ask of the values at a path: EventBridge's operators, a closed table of one row each.

A number and a text that spells it are the same, either way round: Moodle sends the same id as `5` from one database
and as `"5"` from another. Two texts are the same only letter by letter (`"5"` is not `"5.0"`), true is not 1, and null
is a value like any other. An empty array, and a path that leads nowhere, hold no value: only `{exists: false}` is true
of them.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pipeline.rules.fault import invalid, kind, unknown
from pipeline.rules.numeral import read_number

#: Asks one value.
Test = Callable[[Any], bool]
#: Asks all the values at a path.
Verdict = Callable[[Sequence[Any]], bool]

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


def any_of(test: Test) -> Verdict:
    """Hold when any of the values passes."""

    # Loops, here and in conditions.py, since any() over a generator takes twice as long, for every event and rule.
    def verdict(values: Sequence[Any]) -> bool:
        for value in values:  # noqa: SIM110  see above
            if test(value):
                return True
        return False

    return verdict


def is_literal(value: Any) -> bool:
    """Whether a condition can name this value as it is."""
    return value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def equals_any(literals: Iterable[Any]) -> Test:
    """Pass what equals one of the literals."""
    known = list(literals)
    texts = {value for value in known if isinstance(value, str)}
    numbers = {value for value in known if _is_number(value)}
    spelt = numbers | {number for text in texts if (number := read_number(text)) is not None}
    others = [value for value in known if value is None or isinstance(value, bool)]

    def test(value: Any) -> bool:
        if isinstance(value, str):
            return value in texts or (bool(numbers) and read_number(value) in numbers)
        if _is_number(value):
            return value in spelt
        return any(value is other for other in others)

    return test


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: Any) -> int | float | None:
    if isinstance(value, str):
        return read_number(value)
    return value if _is_number(value) else None


def _prefix(argument: Any) -> Verdict:
    start = _text(argument)
    return any_of(lambda value: isinstance(value, str) and value.startswith(start))


def _suffix(argument: Any) -> Verdict:
    end = _text(argument)
    return any_of(lambda value: isinstance(value, str) and value.endswith(end))


def _text(argument: Any) -> str:
    if not isinstance(argument, str):
        raise invalid(f"expected a text, found {kind(argument)}")
    return argument


def _anything_but(argument: Any) -> Verdict:
    literals = argument if isinstance(argument, list) else [argument]
    if not literals or not all(map(is_literal, literals)):
        raise invalid("expected a value or a list of values: texts, numbers, true, false, null")
    refused = equals_any(literals)
    return any_of(lambda value: not refused(value))


def _exists(argument: Any) -> Verdict:
    if not isinstance(argument, bool):
        raise invalid(f"expected true or false, found {kind(argument)}")
    return lambda values: bool(values) is argument


def _numeric(argument: Any) -> Verdict:
    if not isinstance(argument, list) or not argument or len(argument) % 2:
        raise invalid('expected comparisons and numbers in turn, such as [">=", 50, "<", 70]')
    bounds = [_bound(argument, at) for at in range(0, len(argument), 2)]

    def test(value: Any) -> bool:
        number = _number(value)
        return number is not None and all(holds(number, limit) for holds, limit in bounds)

    return any_of(test)


def _bound(argument: Sequence[Any], at: int) -> tuple[Callable[[Any, Any], bool], int | float]:
    sign, limit = argument[at : at + 2]
    if not isinstance(sign, str) or sign not in _COMPARISONS:
        raise invalid(f"expected one of {' '.join(_COMPARISONS)}, in quotes", at)
    if not _is_number(limit) or not math.isfinite(limit):
        raise invalid(f"expected a number, found {kind(limit)}", at + 1)
    return _COMPARISONS[sign], limit


_OPERATORS: Final[Mapping[str, Callable[[Any], Verdict]]] = {
    "anything-but": _anything_but,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
}


def compile_operator(name: str, argument: Any) -> Verdict:
    """Build the verdict of one `{name: argument}`.

    Raises InvalidRule, its path leading from the argument.
    """
    if name not in _OPERATORS:
        message, hint = unknown("operator", name, _OPERATORS)
        raise invalid(message, hint=hint)
    return _OPERATORS[name](argument)
