"""The filter `date`: a moment, as seconds since 1970 (Moodle's `timecreated`) or in RFC 3339, written in a time zone.

Of strftime's directives those are known that write the same on every system. Formats and zones are checked, and zone
files read, when a template is compiled.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from pipeline.errors import Unrenderable
from pipeline.rules.fault import invalid, unknown, unknown_as
from pipeline.rules.numeral import read_number

_DIRECTIVES: Final = "aAbBdfHIjmMpSuUVwWyYzZ%"
_DIRECTIVE = re.compile("%(.?)", re.DOTALL)
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Seconds from 1970 to the years 1 and 9999; what is sent in milliseconds is beyond.
_EARLIEST, _LATEST = -62_135_596_800, 253_402_300_799


def compile_date(template: str, zone: str = "UTC") -> Callable[[Any], str]:
    """Build the function that writes a moment.

    Raises InvalidRule for a directive or a zone that is not known.
    """
    parts = _parts(template)
    known = _zone(zone)

    def date(value: Any) -> str:
        moment = _moment(value)
        try:
            local = moment.astimezone(known)
            return "".join([part if isinstance(part, str) else part(local) for part in parts])
        except (ValueError, OverflowError):
            raise Unrenderable("expected a moment between the years 1 and 9999") from None

    return date


def _parts(template: str) -> list[str | Callable[[datetime], str]]:
    # By turns: literal text, the letter of a directive.
    literal_and_letters = _DIRECTIVE.split(template)
    for letter in literal_and_letters[1::2]:
        if letter not in _DIRECTIVES or not letter:
            message, _ = unknown("directive", f"%{letter}", (f"%{known}" for known in _DIRECTIVES))
            raise invalid(message, 0)
    parts = [_written(part) if at % 2 else part for at, part in enumerate(literal_and_letters)]
    return [part for part in parts if part]


def _written(letter: str) -> Callable[[datetime], str]:
    if letter == "Y":
        # strftime pads the year on some systems only.
        return lambda moment: f"{moment.year:04}"
    return lambda moment: moment.strftime(f"%{letter}")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # A name that is no file, leads out of the folder of zones, or is a folder.
    except (LookupError, ValueError, OSError):
        message, hint = unknown_as("time zone", name, sorted(available_timezones()), "one such as Europe/Madrid")
        raise invalid(message, 1, hint=hint) from None


def _moment(value: Any) -> datetime:
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            raise Unrenderable("expected a moment that exists") from None
    seconds = read_number(value) if isinstance(value, str) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float | Decimal):
        raise Unrenderable("expected seconds since 1970 or a moment as in RFC 3339, 2026-11-20T21:48:10Z")
    if not _EARLIEST <= seconds <= _LATEST:
        raise Unrenderable("expected seconds since 1970, found a number beyond the year 9999 or before 1")
    return _EPOCH + timedelta(seconds=float(seconds))
