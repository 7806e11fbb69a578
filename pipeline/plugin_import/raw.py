"""A table as a file holds it, before anybody asks which one it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: How databases write NULL where there are only texts; the plugin takes an empty text for the same.
_NULL = frozenset({"", "NULL", r"\N"})


@dataclass(frozen=True, slots=True)
class RawTable:
    """Rows by column; `name` is what the file calls the table, or nothing."""

    file: str
    name: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, str | None]]


def or_null(text: str) -> str | None:
    """A cell's text, or None where it stands for NULL."""
    return None if text in _NULL else text
