"""Where something stands in an export, and what is wrong there: file, table, row and column, all of it at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a table in a file; rows count from 1 below the column names, 0 is the table as a whole."""

    file: str
    table: str = ""
    row: int = 0

    def __str__(self) -> str:
        row = f"row {self.row}" if self.row else ""
        return ": ".join(part for part in (self.file, " ".join(part for part in (self.table, row) if part)) if part)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps an export from being read; the message never repeats a cell, which may be a secret."""

    place: Place
    column: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.place), self.column, self.message) if part)


class PluginErrors(Misconfigured):
    """Everything that is wrong in the files of an export; as text, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
