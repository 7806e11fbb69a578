"""What a placeholder may do to its value: a closed table of filters, one row each.

A value that is missing or null passes every filter untouched, except those that are about just that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import Unrenderable
from pipeline.rules.numeral import read_number
from pipeline.rules.templates.writing import as_json, as_text, is_nothing


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: what it does to a value, given its arguments, of which it takes so many."""

    apply: Callable[..., Any]
    arguments: int = 0
    #: Whether it is asked about a missing value and null too.
    takes_nothing: bool = False


def _default(value: Any, instead: str) -> Any:
    return instead if is_nothing(value) else value


def _plain(value: Any) -> str:
    if isinstance(value, dict | list):
        raise Unrenderable("expected a text, found an object or an array")
    return as_text(value)


def _number(value: Any) -> int | float:
    if isinstance(value, bool):
        return int(value)
    number = read_number(value) if isinstance(value, str) else value
    if not isinstance(number, int | float):
        raise Unrenderable("expected a number")
    return number


FILTERS: Final[Mapping[str, Filter]] = {
    "default": Filter(_default, arguments=1, takes_nothing=True),
    "int": Filter(lambda value: int(_number(value))),
    "json": Filter(as_json),
    "lower": Filter(lambda value: _plain(value).lower()),
    "number": Filter(_number),
    # What it does depends on what stands around the placeholder; to the value it does nothing.
    "omit": Filter(lambda value: value),
    "string": Filter(as_text),
    "trim": Filter(lambda value: _plain(value).strip()),
    "upper": Filter(lambda value: _plain(value).upper()),
}
