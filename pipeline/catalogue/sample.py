"""A sample of an event's data: the whole shape, each value short, secrets masked; small, whatever the data is."""

import re
from decimal import Decimal
from itertools import islice
from typing import Any

#: Letters that are left of a text or a key, elements of an array, and values in all: some 10 kB at most.
_MAX_TEXT, _MAX_ELEMENTS, _MAX_VALUES = 40, 3, 100
#: Stands for what was left out, and for what is nobody's business.
_MORE, _MASKED = "…", "***"

_SECRET = re.compile(
    r"passw|passphrase|pwd|^(user|db|smtp)?[-_ ]?pass$|token|jwt|secret|credential|authori[sz]ation|cookie"
    r"|(api|private|access|sess|session)[-_ ]?key|session[-_ ]?id",
    re.IGNORECASE,
)

#: Letters of a key in which that is looked for: a key may be as long as a body, and the router would wait for it.
_MAX_SEARCHED = 1_000

#: Where a value goes, under which key, and the value.
_Job = tuple[Any, Any, Any]


def shortened(data: Any) -> Any:
    """Copy JSON so that it can be kept and shown; numbers and names stay as they are."""
    top: list[Any] = [None]
    jobs: list[_Job] = [(top, 0, data)]
    # It grows while it is read: level by level, so that where a bound is met it is the deepest that is left out.
    for target, key, value in jobs:
        target[key], inner = _copied(value, _MAX_VALUES - len(jobs))
        jobs += inner
    return top[0]


def _copied(value: Any, room: int) -> tuple[Any, list[_Job]]:
    """Give a value's copy, and what in it is still to be copied."""
    if isinstance(value, dict):
        shown = {_text(key): _hidden(key, item) for key, item in islice(value.items(), room)}
        members = {**shown, **({_MORE: _MORE} if len(shown) < len(value) else {})}
        return members, [(members, key, item) for key, item in shown.items()]
    if isinstance(value, list):
        first = value[: min(room, _MAX_ELEMENTS)]
        elements = [*first, *([_MORE] if len(first) < len(value) else [])]
        return elements, [(elements, index, item) for index, item in enumerate(first)]
    if isinstance(value, Decimal) and len(digits := str(value)) > _MAX_TEXT:
        return _text(digits), []
    return _text(value) if isinstance(value, str) else value, []


def _hidden(key: str, value: Any) -> Any:
    return _MASKED if value is not None and _SECRET.search(key, 0, _MAX_SEARCHED) else value


def _text(text: str) -> str:
    return seen(text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + _MORE)


def seen(text: str) -> str:
    """Replace what no terminal should obey and no database can hold: control characters, NUL, lone surrogates."""
    return text if text.isprintable() else "".join(one if one.isprintable() or one in "\n\t" else "�" for one in text)
