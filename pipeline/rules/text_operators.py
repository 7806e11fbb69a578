r"""Operators on texts: prefix, suffix, equals-ignore-case, wildcard. What is no text passes none of them.

In a wildcard `*` stands for anything and `\*` for a star; a backslash before any other letter is a backslash, as in
`\core\event\user_*`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pipeline.rules.fault import invalid, kind
from pipeline.rules.glob import glob
from pipeline.rules.literals import Test

_IGNORING = "equals-ignore-case"
_STAR = re.compile(r"\\[*\\]|\*")


def prefix(argument: Any) -> Test:
    """Begins so; `{equals-ignore-case: …}` where upper and lower case are the same."""
    return _at_an_end(argument, str.startswith)


def suffix(argument: Any) -> Test:
    """Ends so; likewise."""
    return _at_an_end(argument, str.endswith)


def equals_ignore_case(argument: Any) -> Test:
    """Is the same text, but for upper and lower case."""
    folded = _text(argument).casefold()
    return lambda value: isinstance(value, str) and value.casefold() == folded


def wildcard(argument: Any) -> Test:
    """Fits a text with stars."""
    parts, at = [""], 0
    text = _text(argument)
    for found in _STAR.finditer(text):
        parts[-1] += text[at : found.start()] + found[0][1:]
        parts += [""] * (found[0] == "*")
        at = found.end()
    parts[-1] += text[at:]
    fits = glob(parts).fits
    return lambda value: isinstance(value, str) and fits(value)


TEXT_OPERATORS: Final[Mapping[str, Callable[[Any], Test]]] = {
    _IGNORING: equals_ignore_case,
    "prefix": prefix,
    "suffix": suffix,
    "wildcard": wildcard,
}


def _at_an_end(argument: Any, is_there: Callable[[str, str], bool]) -> Test:
    if isinstance(argument, Mapping) and list(argument) == [_IGNORING]:
        folded = _text(argument[_IGNORING]).casefold()
        return lambda value: isinstance(value, str) and is_there(value.casefold(), folded)
    end = _text(argument)
    return lambda value: isinstance(value, str) and is_there(value, end)


def _text(argument: Any) -> str:
    if not isinstance(argument, str):
        raise invalid(f"expected a text, found {kind(argument)}")
    return argument
