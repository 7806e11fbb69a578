"""The filter `map`: each value that is listed becomes another one, as Moodle's role 5 becomes `student`."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from pipeline.errors import Unrenderable
from pipeline.rules.fault import invalid
from pipeline.rules.numeral import read_number
from pipeline.rules.templates.writing import as_text, is_nothing


def compile_map(*arguments: str) -> Callable[[Any], Any]:
    """Build the map from pairs and, where their number is odd, what all other values become.

    As in conditions, a number is the same as a text that spells it, and two texts are the same letter by letter only.
    """
    listed = arguments[: len(arguments) // 2 * 2]
    otherwise = arguments[-1] if len(arguments) % 2 else None
    texts = dict(zip(listed[::2], listed[1::2], strict=True))
    if len(texts) < len(listed) // 2:
        raise invalid("a value is listed twice", _first_repeated(listed))
    numbers = {number: text for value, text in reversed(texts.items()) if (number := read_number(value)) is not None}

    def of_one(value: Any) -> str | None:
        if is_nothing(value):
            return None
        found = _found(value, texts, numbers)
        if found is not None:
            return found
        if otherwise is None:
            raise Unrenderable("the value is not among those that map lists, and map has no last argument for others")
        return otherwise

    return lambda value: [of_one(element) for element in value] if isinstance(value, list) else of_one(value)


def _first_repeated(listed: tuple[str, ...]) -> int:
    return next(at for at in range(0, len(listed), 2) if listed[at] in listed[:at:2])


def _found(value: Any, texts: Mapping[str, str], numbers: Mapping[int | float | Decimal, str]) -> str | None:
    if isinstance(value, str):
        return texts.get(value)
    if isinstance(value, bool):
        return texts.get(as_text(value))
    return numbers.get(value) if isinstance(value, int | float | Decimal) else None
