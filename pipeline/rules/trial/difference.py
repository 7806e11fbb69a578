"""Where two JSON values differ, by dotted path: types count (1 is not "1", and not true), but 1.0 is 1."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Final

from pipeline import exact_json

#: Stands where nothing is; null is a value.
ABSENT: Final = object()
#: Characters of a value that are shown, and how many of them stand before the first that differs.
_SHOWN, _BEFORE = 120, 30


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is another than expected; both as a person reads them."""

    key: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.key}: expected {self.expected}, found {self.found}"


def differences(key: str, expected: Any, found: Any) -> Iterator[Difference]:
    """Compare two values; `key` is what leads to them."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in [*expected, *(name for name in found if name not in expected)]:
            yield from differences(f"{key}.{name}", expected.get(name, ABSENT), found.get(name, ABSENT))
    elif isinstance(expected, list) and isinstance(found, list):
        for at, pair in enumerate(zip_longest(expected, found, fillvalue=ABSENT)):
            yield from differences(f"{key}[{at}]", *pair)
    elif not _is_same(expected, found):
        yield _difference(key, _written(expected), _written(found))


def short(value: Any) -> str:
    """A value as compact JSON, its end left out where it is long."""
    return cut(_written(value))


def cut(text: str, start: int = 0) -> str:
    """A part of a text that a line has room for, with dots where something is left out."""
    end = start + _SHOWN
    return f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"


def _is_same(expected: Any, found: Any) -> bool:
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, float) and isinstance(found, Decimal):
        # A test's file cannot write such a number exactly: the nearest double is as near as it comes.
        return expected == float(found)
    return bool(expected == found)


def _difference(key: str, expected: str, found: str) -> Difference:
    is_long = max(len(expected), len(found)) > _SHOWN
    same = next((at for at, (one, other) in enumerate(zip(expected, found, strict=False)) if one != other), 0)
    start = max(0, same - _BEFORE) if is_long else 0
    return Difference(key, cut(expected, start), cut(found, start))


def _written(value: Any) -> str:
    if value is ABSENT:
        return "nothing"
    try:
        return exact_json.dumps(value).decode()
    except TypeError:
        # An event of the deepest kind in a template that puts it deeper still.
        return "a value that is nested too deeply to be shown"
