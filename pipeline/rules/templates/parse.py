r"""The grammar of templates: text with placeholders.

    placeholder = "{{" path { "|" filter } "}}"             blanks are free between these
    filter      = name [ "(" argument { "," argument } ")" ]
    argument    = "'" text "'"                              in it \' is a quote and \\ a backslash

Everything else is literal text, a single brace and a lone "}}" too; but marks of other template languages are refused,
since they would be sent as they stand.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.rules.fault import MAX_FAULTS, Fault, InvalidRule
from pipeline.rules.templates.foreign import AFTER_OPENING, BEGINNING, NO_LOGIC
from pipeline.rules.templates.path import PATH, Path, read_path

_OPEN, _CLOSE = "{{", "}}"
_BLANKS = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ARGUMENT = re.compile(r"'((?:[^'\\]|\\.)*+)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(['\\])")


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands between single quotes, and where they begin."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Call:
    """A filter as written, and where its name begins."""

    name: str
    arguments: tuple[Argument, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{{path | filter('argument')}}` as written; `start` and `end` count characters of the template."""

    path: Path
    calls: tuple[Call, ...]
    start: int
    end: int


Piece = str | Placeholder


def parse(text: str) -> list[Piece]:
    """Split a template into literal text and placeholders.

    Raises InvalidRule with everything that breaks the grammar, by line and column.
    """
    pieces: list[Piece] = []
    faults: list[Fault] = []
    at = 0
    while (found_at := BEGINNING.search(text, at)) and len(faults) < MAX_FAULTS:
        start = found_at.start()
        pieces.append(text[at:start])
        try:
            placeholder = _placeholder(text, start)
            pieces.append(placeholder)
            at = placeholder.end
        except _Unexpected as found:
            faults.append(fault_at(text, found.at, found.message))
            close = text.find(_CLOSE, found.at)
            at = close + len(_CLOSE) if close >= 0 else len(text)
    if faults:
        raise InvalidRule(faults)
    return [piece for piece in (*pieces, text[at:]) if piece]


def _placeholder(text: str, start: int) -> Placeholder:
    if not text.startswith(_OPEN, start):
        raise _Unexpected(start, NO_LOGIC)
    at = start + len(_OPEN)
    if foreign := AFTER_OPENING.get(text[at : at + 1]):
        raise _Unexpected(start, foreign)
    return _Reader(text, at).placeholder(start)


def placeholders(pieces: Iterable[Piece]) -> list[Placeholder]:
    """Take the placeholders out of a template's pieces."""
    return [piece for piece in pieces if isinstance(piece, Placeholder)]


def fault_at(text: str, at: int, message: str, hint: str | None = None) -> Fault:
    """Say what is wrong at a character of a template, by line and column from 1."""
    line = text.count("\n", 0, at) + 1
    return Fault((), message, line, at - text.rfind("\n", 0, at), hint)


class _Unexpected(Exception):
    def __init__(self, at: int, message: str) -> None:
        self.at, self.message = at, message


class _Reader:
    """Reads one placeholder, from left to right, without ever going back."""

    def __init__(self, text: str, at: int) -> None:
        self._text, self._at = text, at

    def placeholder(self, start: int) -> Placeholder:
        path = read_path(self._expect(PATH, "a name such as userid or other.finalgrade")[0])
        calls: list[Call] = []
        while self._take("|"):
            calls.append(self._call())
        if not self._take(_CLOSE):
            raise self._unexpected("| and a filter, or }}")
        return Placeholder(path, tuple(calls), start, self._at)

    def _call(self) -> Call:
        word = self._expect(_WORD, "the name of a filter")
        arguments: list[Argument] = []
        if self._take("("):
            arguments.append(self._argument())
            while self._take(","):
                arguments.append(self._argument())
            if not self._take(")"):
                raise self._unexpected(", or )")
        return Call(word[0], tuple(arguments), word.start())

    def _argument(self) -> Argument:
        self._skip_blanks()
        start = self._at
        found = _ARGUMENT.match(self._text, start)
        if found is None and self._text.startswith("'", start):
            raise _Unexpected(start, "this quote is never closed, expected another one like it at the end of the text")
        if found is None and self._text.startswith(('"', '\\"'), start):
            raise _Unexpected(start, "expected single quotes, such as default('n/a'), found double quotes")
        text = self._expect(_ARGUMENT, "a text in single quotes")[1]
        return Argument(_ESCAPE.sub(r"\1", text), start)

    def _expect(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        self._skip_blanks()
        found = pattern.match(self._text, self._at)
        if found is None:
            raise self._unexpected(what)
        self._at = found.end()
        return found

    def _take(self, mark: str) -> bool:
        self._skip_blanks()
        taken = self._text.startswith(mark, self._at)
        self._at += len(mark) if taken else 0
        return taken

    def _skip_blanks(self) -> None:
        blanks = _BLANKS.match(self._text, self._at)
        self._at = blanks.end() if blanks else self._at

    def _unexpected(self, what: str) -> _Unexpected:
        here = self._text[self._at : self._at + 1]
        return _Unexpected(self._at, f"expected {what}, found {here or 'the end of the template'}")
