"""The id that a publisher gave its event, which CloudEvents wants as text."""

from typing import Any

from pipeline.errors import Unreadable


def id_as_text(key: str, value: Any) -> str | None:
    """Write a number as text; None stays None.

    Raises Unreadable for what is no id.
    """
    if value is None or (isinstance(value, str) and value):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Unreadable(f"{key} must be a text that is not empty or a whole number, found {value!r:.80}")
