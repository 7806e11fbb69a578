"""What is wrong with a rule, where, and what was expected: all of it at once, before anything runs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final, ParamSpec, TypeVar, cast

from pipeline.errors import Misconfigured

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: Longer words are no misspelt names, and comparing them is slow.
_MAX_WORD = 60
#: Of so many mistakes in one rule the next is not looked for.
MAX_FAULTS: Final = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `path` leads to it from the rule, `line` and `column` count from 1 inside its text."""

    path: tuple[str | int, ...]
    message: str
    line: int | None = None
    column: int | None = None
    #: The nearest valid name; the message says it too.
    hint: str | None = None

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}" if self.line else ""
        return ": ".join(part for part in (".".join(map(str, self.path)), place, self.message) if part)


class InvalidRule(Misconfigured):
    """A rule, or a part of one, that cannot be meant; `faults` holds all that is wrong with it, up to MAX_FAULTS."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(islice(faults, MAX_FAULTS))
        super().__init__("\n".join(map(str, self.faults)))


def invalid(message: str, *path: str | int, hint: str | None = None) -> InvalidRule:
    """Make the error of a single fault, to be raised."""
    return InvalidRule([Fault(path, message, hint=hint)])


def unknown(what: str, word: str, valid: Iterable[str]) -> tuple[str, str | None]:
    """Say that `word` is no valid name: the message, and the nearest valid name where one is near."""
    names = sorted(valid)
    return unknown_as(what, word, names, f"one of {' '.join(names)}")


def unknown_as(what: str, word: str, valid: Iterable[str], expected: str) -> tuple[str, str | None]:
    """Say the same where there are too many valid names to list them."""
    near = next(iter(get_close_matches(word[:_MAX_WORD], valid, n=1)), None)
    question = f" (did you mean {near}?)" if near else ""
    return f"unknown {what} {word[:_MAX_WORD]}{question}, expected {expected}", near


def rooted(path: tuple[str | int, ...], build: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Build a part; the paths of its faults, if it has any, begin with `path`."""
    try:
        return build(*args, **kwargs)
    except InvalidRule as found:
        raise InvalidRule(replace(fault, path=path + fault.path) for fault in found.faults) from None


class Faults(list[Fault]):
    """Collects what is wrong with several parts, so that one mistake does not hide the next."""

    def under(self, path: tuple[str | int, ...], build: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Build a part, or note its faults below `path`: then what is returned is no part, and must not be used."""
        if len(self) < MAX_FAULTS:
            try:
                return rooted(path, build, *args, **kwargs)
            except InvalidRule as found:
                self.extend(found.faults)
        # Nobody uses it: raise_if_any comes first.
        return cast("_T", None)

    def raise_if_any(self) -> None:
        """Raise InvalidRule with all that was noted."""
        if self:
            raise InvalidRule(self)


def kind(value: Any) -> str:
    """Name a value of YAML or JSON by its kind, never by its content."""
    names = {
        type(None): "null",
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        dict: "a mapping",
        list: "a list",
    }
    return names.get(type(value), type(value).__name__)
