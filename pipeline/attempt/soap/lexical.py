"""How a JSON value is spelt as one of XML Schema's built-in types (XML Schema 1.0, part 2), or why it is none.

A text passes where it is spelt as the type asks: what a template writes between quotes is a text, `"42"` too.
"""

import re
from decimal import Decimal
from typing import Any

from pipeline.rules.fault import kind

#: Whole numbers by their type, and how far each reaches.
_REACH: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-(2**7), 2**7 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 2**8 - 1),
}
_ZONE = r"(Z|[+-]\d\d:\d\d)?"
_YEAR, _MONTH, _DAY = r"-?\d{4,}", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
_CLOCK = r"([01]\d:[0-5]\d:[0-5]\d|2[0-3]:[0-5]\d:[0-5]\d|24:00:00)(\.\d+)?"
_DECIMAL = r"[+-]?(\d+(\.\d*)?|\.\d+)"
_BINARY_FRACTION = rf"{_DECIMAL}([eE][+-]?\d+)?|-?INF"
_SPELLING = {
    name: re.compile(pattern, re.ASCII)
    for name, pattern in {
        "boolean": "true|false|1|0",
        "decimal": _DECIMAL,
        "float": _BINARY_FRACTION,
        "double": _BINARY_FRACTION,
        "dateTime": rf"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}",
        "date": rf"{_YEAR}-{_MONTH}-{_DAY}{_ZONE}",
        "time": rf"{_CLOCK}{_ZONE}",
        "duration": r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?",
        "gYear": rf"{_YEAR}{_ZONE}",
        "gYearMonth": rf"{_YEAR}-{_MONTH}{_ZONE}",
        "gMonth": rf"--{_MONTH}{_ZONE}",
        "gMonthDay": rf"--{_MONTH}-{_DAY}{_ZONE}",
        "gDay": rf"---{_DAY}{_ZONE}",
        "hexBinary": r"([0-9a-fA-F]{2})*",
        "base64Binary": r"[A-Za-z0-9+/=\s]*",
        **dict.fromkeys(_REACH, r"[+-]?\d+"),
    }.items()
}
#: What no XML document can hold (XML 1.0, 2.2).
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Digits beyond which a number is written with its exponent, which a decimal cannot have.
_LONGEST = 400


def found(value: Any) -> str:
    """Name a JSON value by its kind, never by its content."""
    return "a number" if isinstance(value, Decimal) else kind(value)


def spelt(value: Any, builtin: str) -> str:
    """Spell a value as the built-in type of that name.

    Raises ValueError with what was found instead.
    """
    if isinstance(value, dict | list) or value is None:
        raise ValueError(found(value))
    text = _text(value, builtin)
    if _NOT_IN_XML.search(text):
        raise ValueError("a character that XML cannot carry")
    if (spelling := _SPELLING.get(builtin)) and not spelling.fullmatch(text):
        raise ValueError(found(value))
    if builtin in _REACH and not _is_within(text, *_REACH[builtin]):
        raise ValueError("a number beyond its range")
    return text


def _text(value: str | float | Decimal, builtin: str) -> str:  # a bool is an int, and an int passes for a float
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    if builtin in ("float", "double") or abs(exact.adjusted()) > _LONGEST:
        return str(exact)
    return f"{int(exact)}" if exact == exact.to_integral_value() else f"{exact:f}"


def _is_within(text: str, lowest: int | None, highest: int | None) -> bool:
    # As a Decimal, because reading an int refuses more digits than a few thousand.
    number = Decimal(text)
    return (lowest is None or number >= lowest) and (highest is None or number <= highest)
