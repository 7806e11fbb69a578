"""Text templates, for all that is not a body: each place escapes or refuses what would change its structure.

path      percent-encoded, "/" too; a segment that would come out empty or as dots alone is refused, for then the
          address is another one: DELETE /students/{{objectid}} without an objectid is no wish to delete them all
query     the whole value is percent-encoded, ready to stand between "=" and "&"
headers   no control characters but the tab
others    no control characters
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final
from urllib.parse import quote

from pipeline.errors import Unrenderable
from pipeline.rules.fault import Faults, InvalidRule
from pipeline.rules.templates.chunks import Chunk, compile_chunks
from pipeline.rules.templates.envelope import Scope
from pipeline.rules.templates.parse import Piece, fault_at, parse, placeholders
from pipeline.rules.templates.slot import MayWrite, Slot, Write, compile_slots
from pipeline.rules.templates.writing import as_text

#: Controls and lone surrogates; the first of them lets the tab pass, as HTTP does in headers.
_CONTROLS_BUT_TAB = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
#: What a path's own text may hold unencoded: RFC 3986's reserved characters, and what is encoded already.
_RESERVED = ":/?#[]@!$&'()*+,;=%"
_LONE_PERCENT = re.compile("%(?![0-9a-fA-F]{2})")
#: What ends a segment of a path; after the first that is no slash comes the query.
_SEPARATOR = re.compile("([/?#])")


@dataclass(frozen=True, slots=True)
class _Place:
    refused: re.Pattern[str]
    literal: Callable[[str], str]
    value: Callable[[Any], str]


def _encoded(value: Any) -> str:
    return quote(as_text(value), safe="")


def _without(refused: re.Pattern[str]) -> Callable[[Any], str]:
    def checked(value: Any) -> str:
        text = as_text(value)
        if refused.search(text):
            raise Unrenderable("holds a control character, such as a line break")
        return text

    return checked


def _own_path(text: str) -> str:
    # A lone % is encoded, for a value must not complete it; %2E is not, for to every server it is a dot.
    return re.sub("%2[eE]", ".", quote(_LONE_PERCENT.sub("%25", text), safe=_RESERVED))


_PATH: Final = _Place(_CONTROLS, _own_path, _encoded)
_PLAIN: Final = _Place(_CONTROLS, str, _without(_CONTROLS))
#: By key of `send`; all other keys are plain.
_PLACES: Final[Mapping[str, _Place]] = {
    "path": _PATH,
    "query": _Place(_CONTROLS, _encoded, _encoded),
    "headers": _Place(_CONTROLS_BUT_TAB, str, _without(_CONTROLS_BUT_TAB)),
}


def compile_text(text: str, key: str, *, strict: bool = False) -> MayWrite:
    """Compile a template of `send`, `key` being the one it stands under; it gives None where `omit` leaves it out.

    Raises InvalidRule with everything that is wrong, by line and column.
    """
    place = _PLACES.get(key, _PLAIN)
    pieces = parse(text)
    faults = Faults()
    faults.under((), _check_literals, text, pieces, place.refused)
    slots = faults.under((), compile_slots, placeholders(pieces), text=text, strict=strict)
    faults.raise_if_any()
    if len(pieces) == 1 and slots and slots[0].omits and place is not _PATH:
        return slots[0].write_unless_nothing(place.value)
    faults += [
        fault_at(text, slot.placeholder.start, "omit leaves out a whole value and its key, and here it cannot")
        for slot in slots
        if slot.omits
    ]
    faults.raise_if_any()
    remaining = iter(slots)
    parts = [place.literal(piece) if isinstance(piece, str) else next(remaining) for piece in pieces]
    return compile_chunks(_path(parts) if place is _PATH else _chunks(parts, place))


def _check_literals(text: str, pieces: Iterable[Piece], refused: re.Pattern[str]) -> None:
    at = 0
    for piece in pieces:
        if isinstance(piece, str) and (found := refused.search(piece)):
            message = "expected one line of text, found a line break or another control character"
            raise InvalidRule([fault_at(text, at + found.start(), message)])
        at = at + len(piece) if isinstance(piece, str) else piece.end


def _chunks(parts: Iterable[str | Slot], place: _Place) -> list[Chunk]:
    return [part if isinstance(part, str) else part.write(place.value) for part in parts]


def _path(parts: Iterable[str | Slot]) -> list[Chunk]:
    chunks: list[Chunk] = []
    segment: list[str | Slot] = []
    is_query = False
    for piece in chain.from_iterable(_SEPARATOR.split(part) if isinstance(part, str) else [part] for part in parts):
        if isinstance(piece, str) and _SEPARATOR.fullmatch(piece):
            chunks += [*_segment(segment, is_query=is_query), piece]
            segment, is_query = [], is_query or piece != "/"
        else:
            segment.append(piece)
    return chunks + _segment(segment, is_query=is_query)


def _segment(parts: Sequence[str | Slot], *, is_query: bool) -> list[Chunk]:
    names = ", ".join(f"{{{{{part.placeholder.path.text}}}}}" for part in parts if isinstance(part, Slot))
    chunks = _chunks(parts, _PATH)
    return [_write_segment(compile_chunks(chunks), names)] if names and not is_query else chunks


def _write_segment(write: Write, names: str) -> Write:
    def checked(scope: Scope) -> str:
        segment = write(scope)
        if not segment.strip("."):
            raise Unrenderable(f"{names}: a segment of the path came out empty or as dots alone")
        return segment

    return checked
