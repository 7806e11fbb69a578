"""XML templates: values become escaped text in elements and in attributes; all else is the template's own.

Once the template is known to be well-formed and to have no DOCTYPE, its tokens can be told apart by sight. Values are
written so that any parser gives back exactly the value: quotes are escaped in elements too, and line breaks and tabs,
which a parser may change, are written as references.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from pipeline.errors import Unrenderable
from pipeline.rules.fault import Faults, InvalidRule
from pipeline.rules.templates.chunks import Chunk, compile_chunks
from pipeline.rules.templates.envelope import Scope
from pipeline.rules.templates.parse import fault_at
from pipeline.rules.templates.slot import Slot, Write
from pipeline.rules.templates.spans import Spans, compile_spans
from pipeline.rules.templates.writing import as_text
from pipeline.rules.templates.xml_check import check_xml

_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|(?P<tag><(?:[^\"'>]|\"[^\"]*\"|'[^']*')*+>)|(?P<text>[^<]+)", re.DOTALL
)
_ATTRIBUTE = re.compile(r"\s+(?P<name>[^\s=]+)\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')")
#: XML 1.0, production 2.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCES: Final = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&apos;",
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)
_OMIT = "omit leaves out an element whose whole content it is, or an attribute whose whole value it is, below the root"


def compile_xml(text: str, *, strict: bool = False) -> Write:
    """Compile the template of an XML body; `strict` refuses to render without a value.

    Raises InvalidRule with what is wrong, by line and column.
    """
    spans = compile_spans(text, lambda stand_in: check_xml(stand_in, text), strict=strict)
    tokens = list(_TOKEN.finditer(spans.stand_in))
    faults = Faults()
    parts = [faults.under((), _token, token, spans) for token in tokens]
    faults.raise_if_any()
    _leave_out_elements(tokens, parts, spans)
    return compile_chunks(chunk for part in parts for chunk in part)


def _token(token: re.Match[str], spans: Spans) -> list[Chunk]:
    if token["tag"]:
        return _tag(token, spans)
    if not token["text"]:
        _refuse(spans.within(*token.span()), spans, "a comment, a CDATA section or a processing instruction")
    return spans.chunks(*token.span(), _escaped)


def _tag(token: re.Match[str], spans: Spans) -> list[Chunk]:
    chunks: list[Chunk] = []
    at = token.start()
    for attribute in _ATTRIBUTE.finditer(spans.stand_in, token.start(), token.end()):
        start, end = attribute.span("double" if attribute["double"] is not None else "single")
        _refuse(spans.within(at, start), spans, "a name")
        if attribute["name"].partition(":")[0] == "xmlns":
            _refuse(spans.within(start, end), spans, "the name of a name space")
        chunks.append(spans.text[at : attribute.start()])
        chunks += _attribute(attribute, start, end, spans)
        at = attribute.end()
    _refuse(spans.within(at, token.end()), spans, "a name")
    return [*chunks, spans.text[at : token.end()]]


def _attribute(attribute: re.Match[str], start: int, end: int, spans: Spans) -> list[Chunk]:
    before, after = spans.text[attribute.start() : start], spans.text[end : attribute.end()]
    whole = spans.whole(start, end)
    if whole and whole.omits:
        return [_around(whole, compile_chunks([before]), after)]
    spans.refuse_omit(spans.within(start, end), _OMIT)
    return [before, *spans.chunks(start, end, _escaped), after]


def _leave_out_elements(tokens: Sequence[re.Match[str]], parts: list[list[Chunk]], spans: Spans) -> None:
    root = next(at for at, token in enumerate(tokens) if token["tag"])
    faults = Faults()
    for at, token in enumerate(tokens):
        slots = spans.within(*token.span()) if token["text"] else ()
        whole = spans.whole(*token.span())
        if whole and whole.omits and at - 1 > root and tokens[at - 1]["tag"] and _is_element(tokens[at - 1 : at + 2]):
            parts[at - 1 : at + 2] = [[_around(whole, compile_chunks(parts[at - 1]), tokens[at + 1][0])], [], []]
        else:
            faults.under((), spans.refuse_omit, slots, _OMIT)
    faults.raise_if_any()


def _is_element(tokens: Sequence[re.Match[str]]) -> bool:
    before, _, after = (token[0] for token in tokens)
    return not before.startswith("</") and not before.endswith("/>") and after.startswith("</")


def _around(slot: Slot, before: Write, after: str) -> Write:
    write_value = slot.write_unless_nothing(_escaped)

    def write(scope: Scope) -> str:
        value = write_value(scope)
        return "" if value is None else f"{before(scope)}{value}{after}"

    return write


def _refuse(slots: Sequence[Slot], spans: Spans, where: str) -> None:
    message = f"expected placeholders in an element's text or an attribute's value, found one in {where}"
    if slots:
        raise InvalidRule(fault_at(spans.text, slot.placeholder.start, message) for slot in slots)


def _escaped(value: Any) -> str:
    text = as_text(value)
    if _NOT_XML.search(text):
        raise Unrenderable("holds a character that XML cannot hold")
    return text.translate(_REFERENCES)
