"""Templates: `{{userid}}` in bodies, paths, queries and headers; compiled once, filled for every event."""

from pipeline.rules.templates.body import check_content_type, compile_body, is_json
from pipeline.rules.templates.envelope import Scope
from pipeline.rules.templates.names import names_in
from pipeline.rules.templates.slot import MayWrite, Write
from pipeline.rules.templates.text import compile_text

__all__ = [
    # compiled
    "compile_body",
    "compile_text",
    "MayWrite",
    "Write",
    # asked
    "check_content_type",
    "is_json",
    "names_in",
    # filled
    "Scope",
]
