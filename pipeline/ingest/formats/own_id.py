"""The id that a publisher gave its event, which CloudEvents wants as text."""

import re
from decimal import Decimal
from typing import Any

from pipeline.errors import Unreadable
from pipeline.event import told

_WHOLE = re.compile("-?[0-9]+")


def id_as_text(key: str, value: Any) -> str | None:
    """Write a number as text; None stays None.

    Raises Unreadable for what is no id.
    """
    if value is None or (isinstance(value, str) and value):
        return value
    if isinstance(value, int | Decimal) and _WHOLE.fullmatch(spelt := str(value)):
        return spelt
    raise Unreadable(f"{key} must be a text that is not empty or a whole number, found {told(value)}")
