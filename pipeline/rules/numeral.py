"""Numbers that arrive as text, such as Moodle's grade `"87.50000"`."""

import re
from decimal import Decimal

from pipeline import exact_json

#: Exactly JSON's numbers: `float()` would also take `nan`, `1_000` and blanks; what begins with a zero is a code.
_NUMERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
#: Longer texts are no numbers that anybody means, and reading them takes time.
_MAX_LENGTH = 4000
#: So many characters, without an exponent, a double always holds.
_SHORT = 16


def read_number(text: str) -> int | float | Decimal | None:
    """The number that a text spells as JSON would, exact however many digits it has, or None."""
    found = _NUMERAL.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if found is None:
        return None
    if len(text) <= _SHORT and found[2] is None:
        return float(text) if found[1] else int(text)
    try:
        number: int | float | Decimal = exact_json.loads(text)
    except ValueError:
        # Beyond the range of a double, as 1e400: where it stands bare in an event it is refused too.
        return None
    return number
