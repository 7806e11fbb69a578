"""Text templates, for all that is not a body: each place escapes or refuses what would change its structure.

path      percent-encoded, "/" too; a segment that would come out empty or as dots alone is refused, for then the
          address is another one: DELETE /students/{{objectid}} without an objectid is no wish to delete them all
query     the whole value is percent-encoded, ready to stand between "=" and "&"
headers   no control characters but the tab
others    no control characters; a routing key has at most 255 bytes, which is all that AMQP carries
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final
from urllib.parse import quote

from pipeline.errors import Unrenderable
from pipeline.rules.templates.chunks import Chunk, compile_chunks
from pipeline.rules.templates.envelope import Scope
from pipeline.rules.templates.slot import MayWrite, Slot, Write
from pipeline.rules.templates.spans import compile_spans
from pipeline.rules.templates.verbatim import refuse_in, without
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
    #: Bytes of the whole, in UTF-8.
    limit: int | None = None


def _encoded(value: Any) -> str:
    return quote(as_text(value), safe="")


def _own_path(text: str) -> str:
    # A lone % is encoded, for a value must not complete it; %2E is not, for to every server it is a dot.
    return re.sub("%2[eE]", ".", quote(_LONE_PERCENT.sub("%25", text), safe=_RESERVED))


def _verbatim(refused: re.Pattern[str], limit: int | None = None) -> _Place:
    return _Place(refused, str, without(refused, "holds a control character, such as a line break"), limit)


_PATH: Final = _Place(_CONTROLS, _own_path, _encoded)
_PLAIN: Final = _verbatim(_CONTROLS)
#: By key of `send`; all other keys are plain.
_PLACES: Final[Mapping[str, _Place]] = {
    "path": _PATH,
    "query": _Place(_CONTROLS, _encoded, _encoded),
    "headers": _verbatim(_CONTROLS_BUT_TAB),
    "routing_key": _verbatim(_CONTROLS, limit=255),
}


def compile_text(text: str, key: str, *, strict: bool = False) -> MayWrite:
    """Compile a template of `send`, `key` being the one it stands under; it gives None where `omit` leaves it out.

    Raises InvalidRule with everything that is wrong, by line and column.
    """
    place = _PLACES.get(key, _PLAIN)
    message = "expected one line of text, found a line break or another control character"
    spans = compile_spans(text, lambda own: refuse_in(own, place.refused, message, text), strict=strict)
    whole = spans.whole(0, len(text))
    if whole and whole.omits and place is not _PATH:
        return _limited(whole.write_unless_nothing(place.value), place.limit)
    spans.refuse_omit(spans.slots, "omit leaves out a whole value and its key, and here it cannot")
    parts = [place.literal(part) if isinstance(part, str) else part for part in spans.parts(0, len(text))]
    return _limited(compile_chunks(_path(parts) if place is _PATH else _chunks(parts, place)), place.limit)


def _limited(write: MayWrite, limit: int | None) -> MayWrite:
    if limit is None:
        return write

    def limited(scope: Scope) -> str | None:
        text = write(scope)
        if text is not None and len(text.encode()) > limit:
            raise Unrenderable(f"longer than {limit} bytes")
        return text

    return limited


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
