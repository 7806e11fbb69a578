"""Numbers that arrive as text, such as Moodle's grade `"87.50000"`."""

import math
import re

#: Exactly JSON's numbers: `float()` would also take `nan`, `1_000` and blanks; what begins with a zero is a code.
_NUMERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
#: Python refuses to read longer whole numbers in one go.
_MAX_LENGTH = 4000


def read_number(text: str) -> int | float | None:
    """The number that a text spells as JSON would, or None."""
    found = _NUMERAL.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if found is None:
        return None
    if found[1] is None and found[2] is None:
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else None
