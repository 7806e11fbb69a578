"""Trial: a test as it stands beside the rules: an event, and every request that it must cause."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

#: The keys that a test mentions of one request, and nothing but those.
Expectation = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """A test that was read; `file` and the lines say where it stands."""

    name: str
    file: str
    line: int
    event_line: int
    #: The event itself, in any format; or the file that holds it.
    event: Mapping[str, Any] | PurePath
    expect: tuple[Expectation, ...]
    #: What `{{now}}` is.
    now: datetime
