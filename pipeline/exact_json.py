"""JSON whose numbers stay what they are: a number that neither 64 bits nor a double can hold becomes a Decimal.

orjson reads and writes; it would round `123456789012345678901` and `0.12345678901234567` without a word. Only a text
in which something looks like such a number is read a second time, by the standard library, which tells numbers as
they are spelt.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

#: All digits and the point read as 0, E as e, and whatever may follow a number as a comma: what is looked for is then
#: found by its first letters, in a fourth of the time.
_ALIKE = bytes.maketrans(b"123456789.E \t\n\r]}", b"0" * 10 + b"e" + b"," * 6)
#: Sixteen digits, or an exponent: fewer digits than that are exact as a double. A text may look so too; no harm done.
_LONG = b"0" * 17
_EXPONENT = re.compile(rb"0e[-+]?0+(?:,|\Z)")
#: What orjson reads and writes as a whole number; so many digits always are one.
_LOWEST, _HIGHEST, _SHORT = -(2**63), 2**64 - 1, 18


def loads(text: bytes | str) -> Any:
    """Read JSON (RFC 8259); of two equal keys in one object the last one counts, as in JavaScript and PHP.

    Raises ValueError with the position, also for a number beyond the range of a double.
    """
    value = orjson.loads(text)
    alike = (text if isinstance(text, bytes) else text.encode()).translate(_ALIKE)
    if _LONG not in alike and not _EXPONENT.search(alike):
        return value
    try:
        return json.loads(text, parse_int=_whole, parse_float=_fraction)
    except RecursionError:
        raise ValueError("arrays and objects are nested too deeply") from None


def dumps(value: Any, *, option: int | None = None, otherwise: Callable[[Any], Any] | None = None) -> bytes:
    """Write JSON, a Decimal as the number that it is; `option` is orjson's, `otherwise` makes JSON of what is none.

    Raises TypeError for what is no JSON: a lone surrogate, more than 254 levels, whole numbers above 64 bits.
    """

    def written(odd: Any) -> Any:
        if isinstance(odd, Decimal) and odd.is_finite():
            return orjson.Fragment(str(odd).encode())
        if otherwise is None:
            raise TypeError(f"{type(odd).__name__} is no JSON")
        return otherwise(odd)

    return orjson.dumps(value, default=written, option=option)


def _whole(spelt: str) -> int | Decimal:
    if len(spelt) > _SHORT and not _LOWEST <= (exact := Decimal(spelt)) <= _HIGHEST:
        return exact
    return int(spelt)


def _fraction(spelt: str) -> float | Decimal:
    number = float(spelt)
    try:
        exact = Decimal(spelt)
    except InvalidOperation:
        raise ValueError(f"the number {spelt[:40]} has an exponent that cannot be kept") from None
    return number if Decimal(repr(number)) == exact else exact
