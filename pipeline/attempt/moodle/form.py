"""JSON to the form that Moodle's web services read: `{"users": [{"id": 5}]}` becomes `users[0][id]=5`.

PHP turns such names back into arrays. A form has no null and no empty array: what is null, and a list or an object in
which nothing is, is left out, and Moodle takes the parameter's default.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from pipeline.errors import Unrenderable
from pipeline.exact_json import loads
from pipeline.rules.fault import kind

#: Of every parameter of Moodle's; PHP would read others as something else (a space, a bracket, a NUL).
_KEY = re.compile(r"[A-Za-z0-9_.:-]+")
#: PHP drops what lies deeper without a word (max_input_nesting_level).
_DEEPEST = 64
#: Characters of a path that are shown.
_SHOWN = 100


def form(call: dict[str, str], payload: str | None) -> str:
    """The body of a call: `call` says which function of whom, the payload is the object of its parameters.

    PHP drops what is beyond its max_input_vars without a word. So the last of `call`, without which Moodle does
    nothing, stands behind the parameters: a call whose end is lost is refused whole.

    Raises Unrenderable.
    """
    *first, last = call.items()
    return urlencode([*first, *_parameters(payload, reserved=call), last], safe="[]")


def _parameters(payload: str | None, reserved: dict[str, str]) -> Iterator[tuple[str, str]]:
    if payload is None:
        return
    try:
        found = loads(payload)
    except ValueError:
        raise Unrenderable("the payload is no JSON, expected an object of the function's parameters") from None
    if not isinstance(found, dict):
        raise Unrenderable(f"the payload is {kind(found)}, expected an object of the function's parameters")
    if taken := sorted(found.keys() & reserved.keys()):
        raise Unrenderable(f"the payload has {' and '.join(taken)}, which this hub sets itself")
    for key, value in found.items():
        yield from _pairs(_checked(key, "the payload"), value, 1)


def _pairs(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if isinstance(value, bool):
        yield name, str(int(value))
    elif not isinstance(value, dict | list):
        yield name, str(value)
    elif depth == _DEEPEST:
        raise Unrenderable(f"{name[:_SHOWN]} is nested deeper than the {_DEEPEST} levels that PHP reads")
    else:
        keyed = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in keyed:
            yield from _pairs(f"{name}[{_checked(str(key), name)}]", inner, depth + 1)


def _checked(key: str, place: str) -> str:
    if not _KEY.fullmatch(key):
        raise Unrenderable(
            f"{place[:_SHOWN]} has a key that no parameter of Moodle's has: expected letters, digits and _"
        )
    return key
