"""What a word without quotes means: JSON's numbers, true, false and null; everything else is the text that it is.

YAML 1.1 reads `no` as false, `12:30` as 750 and `010` as 8. Nobody who writes a registry file means that.
"""

import math
import re
from typing import Any

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
#: YAML 1.2's core schema.
WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
#: Whole numbers from here on are not carried by every JSON reader.
_LIMIT = 2**63
_MAX_LENGTH = len(str(-_LIMIT))


def plain(text: str) -> Any:
    """Read a scalar that has no quotes.

    Raises ValueError where a number is too large to be carried exactly.
    """
    if text in WORDS:
        return WORDS[text]
    number = NUMBER.fullmatch(text)
    if not number:
        return text
    is_whole = number[1] is None and number[2] is None
    # A number of thousands of digits is not even read: Python would refuse.
    value = int(text) if is_whole and len(text) <= _MAX_LENGTH else float(text)
    if not abs(value) < (_LIMIT if is_whole else math.inf):
        raise ValueError("found a number that does not fit into 64 bits, expected it in quotes")
    return value
