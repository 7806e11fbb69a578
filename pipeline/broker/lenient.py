"""Reading whatever a publisher may write: one odd property must not close the connection for everyone.

The client library reads a timestamp as a date and every short text as UTF-8, and where one is neither (microseconds
instead of seconds, Latin-1), or a list is nested more deeply than Python calls, it closes the connection: the message
comes again, and closes the next one, until its delivery limit, with all that was prefetched beside it. Measured with
aiormq 7.2.4 and pamqp 4.0.1; aiormq issue 186.
"""

from datetime import datetime
from typing import Any

from pamqp import decode


def read_leniently() -> None:
    """Teach the client library, for this process: a date that is none is None, bytes that are no text are left out."""
    decode.METHODS |= {"timestamp": _date, "shortstr": _short_text, "table": _table}
    decode.TABLE_MAPPING |= {b"T": _date, b"F": _table}


def _date(value: bytes) -> tuple[int, datetime | None]:
    try:
        return decode.timestamp(value)
    except (ValueError, OverflowError, OSError):
        return 8, None


def _short_text(value: bytes) -> tuple[int, str]:
    end = 1 + value[0]
    return end, value[1:end].decode(errors="ignore")


def _value(value: bytes) -> tuple[int, Any]:
    try:
        return decode.embedded_value(value)
    except RecursionError:
        # Only lists and tables are nested: their kind, their length in four bytes, and so many bytes.
        return 5 + int.from_bytes(value[1:5]), None


def _table(value: bytes) -> tuple[int, dict[str, Any]]:
    found: dict[str, Any] = {}
    end = 4 + int.from_bytes(value[:4])
    value = value[4:end]
    while value:
        consumed, name = _short_text(value)
        used, found[name] = _value(value[consumed:])
        value = value[consumed + used :]
    return end, found
