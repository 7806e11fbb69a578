"""Durations as people write them: `500ms 5s 10m 1h 7d`."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read a number and its unit.

    Raises ValueError with what was expected.
    """
    written = _WRITTEN.fullmatch(text.strip())
    if not written:
        raise ValueError(f"expected a duration such as 500ms, 5s, 10m, 1h or 7d, found {text!r}")
    try:
        return timedelta(seconds=float(written[1]) * _UNITS[written[2]])
    except OverflowError:
        raise ValueError(f"expected a duration such as 5s or 7d, found {text!r}, which is too long") from None


def format_duration(duration: timedelta) -> str:
    """Write a duration in its largest whole unit: 90 s is `90s`, 120 s is `2m`."""
    ms = round(duration / timedelta(milliseconds=1))
    for unit, size_ms in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if ms and ms % size_ms == 0:
            return f"{ms // size_ms}{unit}"
    return f"{ms}ms"


def _read(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError(f"expected a duration such as 500ms, 5s, 10m, 1h or 7d, found {value!r}")


#: A timedelta that a file writes as `5s`.
Duration = Annotated[timedelta, BeforeValidator(_read, json_schema_input_type=str), PlainSerializer(format_duration)]
