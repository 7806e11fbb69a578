"""Form templates, `name={{name}}&course={{courseid}}`: values are percent-encoded, as what a web page's form sends.

The template's own text must be a form already. Pairs may stand on lines of their own: a line break beside `&`, at the
beginning or at the end is not sent. Source: WHATWG URL Standard, application/x-www-form-urlencoded.
"""

import re
from typing import Any, Final
from urllib.parse import quote

from pipeline.errors import Unrenderable
from pipeline.rules.fault import Faults, InvalidRule
from pipeline.rules.templates.chunks import compile_chunks
from pipeline.rules.templates.envelope import Scope
from pipeline.rules.templates.parse import fault_at
from pipeline.rules.templates.slot import MayWrite, Write
from pipeline.rules.templates.spans import Spans, compile_spans
from pipeline.rules.templates.writing import as_text

#: What an address may hold, but for what has a meaning here; brackets are PHP's arrays, `users[0][name]`.
_OWN = r"(?:[A-Za-z0-9._~!$'()*+,:@/?\[\]-]|%[0-9A-Fa-f]{2})"
_BREAK = r"(?:[ \t]*(?:\r?\n[ \t]*)+)?"
#: Matches as much of a pair as is right.
_PAIR = re.compile(rf"{_BREAK}(?P<key>{_OWN}*+)(?:=(?P<value>{_OWN}*+){_BREAK})?+")
_EXPECTED: Final = "expected a form, key=value&key=value"


def compile_form(text: str, *, strict: bool = False) -> Write:
    """Compile the template of a form body; `strict` refuses to render without a value.

    Raises InvalidRule with what is wrong, by line and column.
    """
    if not text.strip():
        return lambda _: ""
    spans = compile_spans(text, lambda stand_in: _check(stand_in, text), strict=strict)
    faults = Faults()
    pairs = [faults.under((), _pair, pair, spans) for pair in _pairs(spans.stand_in)]
    faults.raise_if_any()

    def write(scope: Scope) -> str:
        return "&".join([written for pair in pairs if (written := pair(scope)) is not None])

    return write


def _pairs(stand_in: str) -> list[re.Match[str]]:
    starts = [0, *(found.end() for found in re.finditer("&", stand_in))]
    return [found for start in starts if (found := _PAIR.match(stand_in, start))]


def _check(stand_in: str, text: str) -> None:
    faults = Faults()
    for pair in _pairs(stand_in):
        faults.under((), _check_pair, pair, text)
    faults.raise_if_any()


def _check_pair(pair: re.Match[str], text: str) -> None:
    at, found = pair.end(), pair.string[pair.end() : pair.end() + 1]
    if found not in ("", "&"):
        message = f"{_EXPECTED}, found {found!r}, which is written {quote(found, errors='replace')}"
        raise InvalidRule([fault_at(text, at, message)])
    if pair["value"] is None:
        raise InvalidRule([fault_at(text, at, f"{_EXPECTED}, found no =")])
    if not pair["key"]:
        raise InvalidRule([fault_at(text, pair.start("key"), "expected a key before =")])


def _pair(pair: re.Match[str], spans: Spans) -> MayWrite:
    key, value = pair.span("key"), pair.span("value")
    whole = spans.whole(*value)
    if whole is None or not whole.omits:
        spans.refuse_omit(
            spans.within(key[0], value[1]), "omit leaves out a key and its whole value, and here it cannot"
        )
        if spans.within(*key):
            return compile_chunks([_written_key(key, spans), *spans.chunks(key[1], value[1], _encoded)])
        return compile_chunks(spans.chunks(key[0], value[1], _encoded))
    spans.refuse_omit(spans.within(*key), "omit leaves out a key and its whole value, and stands in the value")
    write_key, write_value = _written_key(key, spans), whole.write_unless_nothing(_encoded)

    def write(scope: Scope) -> str | None:
        written = write_value(scope)
        return None if written is None else f"{write_key(scope)}={written}"

    return write


def _written_key(key: tuple[int, int], spans: Spans) -> Write:
    written = compile_chunks(spans.chunks(*key, _encoded))

    def write(scope: Scope) -> str:
        if not (name := written(scope)):
            raise Unrenderable("a key of the form came out empty")
        return name

    return write


def _encoded(value: Any) -> str:
    return quote(as_text(value), safe="")
