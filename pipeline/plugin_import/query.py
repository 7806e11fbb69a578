"""A GET's parameters: the plugin sent what the template made as the query of the address, never as a body."""

import json
import re
from typing import Any, Final

from pipeline.plugin_import.template import KEYS

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
#: In place of braces while the template is read as JSON; from a private area, so that no template holds them.
_OPEN, _CLOSE = "\uf8f0", "\uf8f1"
_BARE = re.compile(rf'("(?:[^"\\]|\\.)*")|({_OPEN}\w+{_CLOSE})', re.DOTALL)

#: Without a template the plugin sent all of the event; what is null was left out.
WHOLE_EVENT: Final = {key: f"{{{{{key} | omit}}}}" for key in KEYS}


def query_of(template: str) -> dict[str, str] | None:
    """Give the parameters of a flat JSON object; None for what one cannot write as `send.query`."""
    marked = _PLACEHOLDER.sub(rf"{_OPEN}\1{_CLOSE}", template)
    quoted = _BARE.sub(lambda found: found[1] or f'"{found[2]}"', marked)
    try:
        members = json.loads(quoted, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        # A placeholder that is only a part of a number, as in -{{userid}}; or no end of arrays.
        return None
    if not isinstance(members, dict) or any(_OPEN in name for name in members):
        return None
    query = {name: _text(value) for name, value in members.items() if value is not None}
    # Braces that were literal there would be placeholders here.
    if any(value is None or "{{" in value or "{%" in value for value in query.values()):
        return None
    return {name: str(value).replace(_OPEN, "{{").replace(_CLOSE, "}}") for name, value in query.items()}


def _text(value: Any) -> str | None:
    match value:
        case bool():
            # As PHP writes it in a query.
            return str(int(value))
        case str():
            return value
    return None
