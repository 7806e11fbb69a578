"""Plain text templates: sent as they stand, with each value as it is."""

import re
from typing import Final

from pipeline.rules.templates.chunks import compile_chunks
from pipeline.rules.templates.slot import Write
from pipeline.rules.templates.spans import compile_spans
from pipeline.rules.templates.verbatim import refuse_in, without

#: Controls but tab and line breaks, and lone surrogates.
_REFUSED: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def compile_plain(text: str, *, strict: bool = False) -> Write:
    """Compile the template of a text body; `strict` refuses to render without a value.

    Raises InvalidRule with what is wrong, by line and column.
    """
    message = "expected text, found a control character"
    spans = compile_spans(text, lambda own: refuse_in(own, _REFUSED, message, text), strict=strict)
    spans.refuse_omit(spans.slots, "omit leaves out a value and its key, and a plain text has no keys")
    return compile_chunks(spans.chunks(0, len(text), without(_REFUSED, "holds a control character")))
