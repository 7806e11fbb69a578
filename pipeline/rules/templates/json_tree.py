"""Takes a JSON template apart into literal chunks and slots, once, so that rendering only joins.

The template arrives as JSON whose placeholders are marks. Objects and arrays that a value may leave an entry out of, or
whose keys hold values, are put together when rendered; all else is literal. The body has no blanks between its tokens.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import Unrenderable
from pipeline.rules.fault import Fault, Faults, invalid
from pipeline.rules.templates.chunks import Chunk, compile_chunks
from pipeline.rules.templates.envelope import Scope
from pipeline.rules.templates.parse import fault_at
from pipeline.rules.templates.slot import MayWrite, Slot, Write
from pipeline.rules.templates.writing import as_json, in_quotes

#: Between lone surrogates, which no valid template holds: nothing else in it looks like a mark.
_MARK = re.compile("\ud800([0-9]+)(b?)\ud801")


def mark(number: int, *, is_bare: bool) -> str:
    """Stand for the placeholder of this number, as one JSON string where it stands bare."""
    return f'"\ud800{number}b\ud801"' if is_bare else f"\ud800{number}\ud801"


def compile_tree(marked: str, text: str, slots: Sequence[Slot]) -> Write:
    """Compile JSON with marks; `text` is the template as written.

    Raises InvalidRule for an `omit` that has nothing to leave out, a key that stands twice, and endless nesting.
    """
    tree = _Tree(text, slots)
    try:
        root = json.loads(marked, object_pairs_hook=_Object, parse_int=_Number, parse_float=_Number)
        chunks = tree.chunks(root)
    except RecursionError:
        raise invalid("objects and arrays are nested too deeply") from None
    tree.faults.raise_if_any()
    return compile_chunks(chunks)


@dataclass(frozen=True, slots=True)
class _Object:
    members: Sequence[tuple[str, Any]]


class _Number(str):
    """A number as the template spells it: exact, however long."""

    __slots__ = ()


class _Tree:
    def __init__(self, text: str, slots: Sequence[Slot]) -> None:
        self.faults = Faults()
        self._text, self._slots = text, slots

    def chunks(self, node: Any) -> list[Chunk]:
        match node:
            case _Number():
                return [str(node)]
            case str():
                return self._string(node)
            case list():
                return self._array(node)
            case _Object():
                return self._object(node.members)
        return [as_json(node)]

    def _string(self, node: str) -> list[Chunk]:
        for found in _MARK.finditer(node):
            slot = self._slots[int(found[1])]
            if slot.omits:
                message = "omit leaves out an entry of an object or array, and here it is not the whole of one"
                self.faults.append(fault_at(self._text, slot.placeholder.start, message))
        if whole := self._whole(node):
            return [whole[0].write(whole[1])]
        # The marks split into literal text, number and kind by turns.
        literal, numbers = _MARK.split(node)[::3], _MARK.split(node)[1::3]
        chunks: list[Chunk] = ['"', in_quotes(literal[0])]
        for number, following in zip(numbers, literal[1:], strict=True):
            chunks += [self._slots[int(number)].write(in_quotes), in_quotes(following)]
        return [*chunks, '"']

    def _whole(self, node: Any) -> tuple[Slot, Callable[[Any], str]] | None:
        """Give the slot of a value that is one placeholder and nothing else, and how it is written."""
        found = _MARK.fullmatch(node) if isinstance(node, str) else None
        if found is None:
            return None
        return self._slots[int(found[1])], as_json if found[2] else _as_quoted

    def _entry(self, node: Any) -> MayWrite:
        whole = self._whole(node)
        if whole and whole[0].omits:
            return whole[0].write_unless_nothing(whole[1])
        return compile_chunks(self.chunks(node))

    def _may_omit(self, node: Any) -> bool:
        whole = self._whole(node)
        return whole is not None and whole[0].omits

    def _array(self, elements: Sequence[Any]) -> list[Chunk]:
        if any(map(self._may_omit, elements)):
            return [_write_array([self._entry(element) for element in elements])]
        return ["[", *_separated([self.chunks(element) for element in elements]), "]"]

    def _object(self, members: Sequence[tuple[str, Any]]) -> list[Chunk]:
        for key, times in Counter(key for key, _ in members).items():
            if times > 1:
                self.faults.append(Fault((), f"the key {key[:60]!r} stands {times} times in one object"))
        if any(_MARK.search(key) or self._may_omit(value) for key, value in members):
            return [_write_object([(compile_chunks(self._string(key)), self._entry(value)) for key, value in members])]
        return ["{", *_separated([[*self._string(key), ":", *self.chunks(value)] for key, value in members]), "}"]


def _as_quoted(value: Any) -> str:
    return f'"{in_quotes(value)}"'


def _separated(entries: Sequence[list[Chunk]]) -> list[Chunk]:
    return [chunk for entry in entries for chunk in (",", *entry)][1:]


def _write_array(elements: Sequence[MayWrite]) -> Write:
    def write(scope: Scope) -> str:
        return f"[{','.join(written for element in elements if (written := element(scope)) is not None)}]"

    return write


def _write_object(members: Sequence[tuple[Write, MayWrite]]) -> Write:
    def write(scope: Scope) -> str:
        written: dict[str, str] = {}
        for write_key, write_value in members:
            value = write_value(scope)
            if value is None:
                continue
            key = write_key(scope)
            if key in written:
                raise Unrenderable("two keys of one object came out alike")
            written[key] = value
        return f"{{{','.join(f'{key}:{value}' for key, value in written.items())}}}"

    return write
