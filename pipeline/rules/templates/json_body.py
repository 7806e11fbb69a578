"""JSON templates: what is in quotes becomes escaped text, what stands bare a JSON value with its type.

A template is checked once, when it is compiled. Stand-ins take the placeholders' places, each as long as its
placeholder, so that the JSON parser's complaint falls on the right line and column: `null` for a bare one, letters in
quotes. What is valid JSON then stays so whatever the values: a bare value is written as one JSON value, the others as
escaped text between quotes that the template itself opens and closes.
"""

import re
from collections.abc import Callable, Iterable

import orjson

from pipeline.rules.fault import Faults, InvalidRule
from pipeline.rules.templates.json_tree import compile_tree, mark
from pipeline.rules.templates.parse import Piece, fault_at, parse, placeholders
from pipeline.rules.templates.slot import Write, compile_slots

_ESCAPED = re.compile(r"\\.", re.DOTALL)


def compile_json(text: str, *, strict: bool = False) -> Write:
    """Compile the template of a JSON body; `strict` refuses to render without a value.

    Raises InvalidRule with what is wrong, by line and column.
    """
    pieces = parse(text)
    faults = Faults()
    faults.under((), _check, text, pieces)
    slots = faults.under((), compile_slots, placeholders(pieces), text=text, strict=strict)
    faults.raise_if_any()
    marked = _replaced(pieces, lambda number, _, is_bare: mark(number, is_bare=is_bare))
    return compile_tree(marked, text, slots)


def _check(text: str, pieces: Iterable[Piece]) -> None:
    try:
        orjson.loads(_replaced(pieces, _stand_in))
    except orjson.JSONDecodeError as broken:
        raise InvalidRule([fault_at(text, broken.pos, f"not valid JSON: {broken.msg}")]) from None


def _stand_in(_: int, length: int, is_bare: bool) -> str:  # noqa: FBT001  one of two callbacks with this signature
    # x is no letter of an escape: a value must not complete what the template began with a backslash.
    return "null".ljust(length) if is_bare else "x" * length


def _replaced(pieces: Iterable[Piece], instead: Callable[[int, int, bool], str]) -> str:
    """Put something instead of each placeholder, knowing its number, its length and whether it stands bare."""
    replaced, number, is_bare = [], 0, True
    for piece in pieces:
        if isinstance(piece, str):
            replaced.append(piece)
            is_bare ^= _ESCAPED.sub("", piece).count('"') % 2 == 1
        else:
            replaced.append(instead(number, piece.end - piece.start, is_bare))
            number += 1
    return "".join(replaced)
