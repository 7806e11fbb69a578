"""Explained: what one condition asked of an event, what it found there, and its verdict."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Explained:
    """One line of a rule's `when`, asked of one event's data."""

    #: In dots, or `$or`.
    path: str
    #: The alternatives as JSON.
    asked: str
    #: The values at the path; none where it leads nowhere, and for `$or`.
    found: tuple[Any, ...]
    holds: bool
    #: The lines of each branch of an `$or`.
    branches: tuple[tuple["Explained", ...], ...] = ()
