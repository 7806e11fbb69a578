"""Values that are written as they are, where some characters would change the structure around them."""

import re
from collections.abc import Callable
from typing import Any

from pipeline.errors import Unrenderable
from pipeline.rules.fault import InvalidRule
from pipeline.rules.templates.parse import fault_at
from pipeline.rules.templates.writing import as_text


def without(refused: re.Pattern[str], message: str) -> Callable[[Any], str]:
    """Build the function that writes a value as text, or raises Unrenderable where it holds what is refused."""

    def checked(value: Any) -> str:
        text = as_text(value)
        if refused.search(text):
            raise Unrenderable(message)
        return text

    return checked


def refuse_in(own: str, refused: re.Pattern[str], message: str, text: str) -> None:
    """Raise InvalidRule where a template's own text holds what is refused."""
    if found := refused.search(own):
        raise InvalidRule([fault_at(text, found.start(), message)])
