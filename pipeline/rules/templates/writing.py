"""How a value is written: as JSON, as the text inside JSON's quotes, as plain text."""

from typing import Any

import orjson

from pipeline import exact_json
from pipeline.rules.templates.path import MISSING


def is_nothing(value: Any) -> bool:
    """Whether there is no value to write: missing, or null, which Moodle sends where there is none."""
    return value is MISSING or value is None


def as_json(value: Any) -> str:
    """Write a value with its type; a missing one is null."""
    if value is MISSING:
        return "null"
    # JSON's writer stops at 64 bits; the filter `int` does not.
    return str(value) if type(value) is int else exact_json.dumps(value).decode()


def as_text(value: Any) -> str:
    """Write a value as plain text: a text as it is, nothing as nothing, everything else as its JSON."""
    if isinstance(value, str):
        return value
    return "" if is_nothing(value) else as_json(value)


def in_quotes(value: Any) -> str:
    """Write a value's text so that it can stand between JSON's quotes."""
    return orjson.dumps(as_text(value))[1:-1].decode()
