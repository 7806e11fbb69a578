"""The filters by name, one row each.

A value that is missing or null passes every filter untouched, except those that are about just that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.rules.templates.filters.date import compile_date
from pipeline.rules.templates.filters.numbers import to_int, to_number
from pipeline.rules.templates.filters.texts import (
    compile_hash,
    compile_join,
    compile_truncate,
    lower,
    trim,
    upper,
    urlencode,
)
from pipeline.rules.templates.filters.value_map import compile_map
from pipeline.rules.templates.writing import as_json, as_text, is_nothing

#: What a filter does to a value.
Apply = Callable[[Any], Any]
#: Of a filter that takes any number of arguments: more than this is a table that belongs elsewhere.
_MANY: Final = 1000


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: how it is built from its arguments, and how many it takes.

    `build` raises InvalidRule for arguments that cannot be meant; a fault's path is the argument's number.
    """

    build: Callable[..., Apply]
    least: int = 0
    most: int = 0
    #: Whether it is asked about a missing value and null too.
    takes_nothing: bool = False
    #: Whether it may stand in a placeholder once only, since each further time could double what came out before.
    once: bool = False

    def takes(self) -> str:
        """Say how many arguments are expected."""
        if not self.most:
            return "no arguments"
        if self.most == _MANY:
            return f"at least {self.least} arguments"
        numbers = " or ".join(map(str, range(self.least, self.most + 1)))
        return f"{numbers} argument{'s' if self.most > 1 else ''}"


def _fixed(apply: Apply) -> Callable[[], Apply]:
    return lambda: apply


def _default(instead: str) -> Apply:
    return lambda value: instead if is_nothing(value) else value


FILTERS: Final[Mapping[str, Filter]] = {
    "date": Filter(compile_date, least=1, most=2),
    "default": Filter(_default, least=1, most=1, takes_nothing=True),
    "hash": Filter(compile_hash, most=1),
    "int": Filter(_fixed(to_int)),
    "join": Filter(compile_join, least=1, most=1),
    "json": Filter(_fixed(as_json), once=True),
    "lower": Filter(_fixed(lower)),
    "map": Filter(compile_map, least=2, most=_MANY),
    "number": Filter(_fixed(to_number)),
    # What it does depends on what stands around the placeholder; to the value it does nothing.
    "omit": Filter(_fixed(lambda value: value)),
    "string": Filter(_fixed(as_text)),
    "trim": Filter(_fixed(trim)),
    "truncate": Filter(compile_truncate, least=1, most=2),
    "upper": Filter(_fixed(upper)),
    "urlencode": Filter(_fixed(urlencode)),
}
