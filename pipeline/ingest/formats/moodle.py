r"""Moodle's own event: `json_encode($event->get_data())`, 17 keys.

Ids change type freely in real events (154 captured: objectid null 51, int 57, numeric string 46 times), so they become
integers or null. PHP writes an empty array as `[]`, so an empty `other` becomes `{}`. There is no id and no source.
Source: Moodle 4.x, `\core\event\base::get_data()`.
"""

import re
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import Unreadable
from pipeline.event import SPEC_VERSION, told
from pipeline.ingest.formats.raw import Raw

_WHOLE_NUMBERS = (
    "objectid",
    "userid",
    "courseid",
    "relateduserid",
    "contextid",
    "contextlevel",
    "contextinstanceid",
    "edulevel",
    "anonymous",
    "timecreated",
)
_WHOLE = re.compile("-?[0-9]{1,19}")
#: Moodle's ids are the databases' bigint: however one is spelt, beyond that it is none.
_BEYOND = 2**63


def recognises(raw: Raw) -> bool:
    """By the one key that only Moodle writes like this."""
    return isinstance(raw.json, dict) and "eventname" in raw.json


def read(raw: Raw) -> dict[str, Any]:
    """The event's data with ids as integers; its type is the event's class, with a leading backslash."""
    found = raw.object
    name = found["eventname"]
    if not isinstance(name, str) or not name.strip("\\"):
        raise Unreadable(f"eventname must be the name of an event class, found {told(name)}")
    data = {**found, "eventname": "\\" + name.lstrip("\\")}
    for key in _WHOLE_NUMBERS:
        if key in data:
            data[key] = _whole(key, data[key])
    if data.get("other") == []:
        data["other"] = {}
    return {
        "specversion": SPEC_VERSION,
        "type": data["eventname"],
        "subject": _subject(data),
        "time": _time(data.get("timecreated")),
        "data": data,
    }


def _whole(key: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    number = int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
    if type(number) is int and -_BEYOND <= number < _BEYOND:
        return number
    raise Unreadable(f"{key} must be a whole number of 64 bits or null, found {told(value)}")


def _subject(data: dict[str, Any]) -> str | None:
    table, row = data.get("objecttable"), data.get("objectid")
    return f"{table}/{row}" if table and row is not None else None


def _time(seconds: int | None) -> str | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        raise Unreadable(f"timecreated must be seconds since 1970, found {seconds}") from None
