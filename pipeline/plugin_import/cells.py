"""A row's cells as what they are meant to be; what is not that is noted, and never shown."""

import re

from pipeline.plugin_import.place import Problem
from pipeline.plugin_import.tables import Row

_FLAGS = {"1": True, "0": False, "true": True, "false": False, "t": True, "f": False}
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


class Cells:
    """Reads one row; a column that the export does not have is what the plugin puts there by itself."""

    def __init__(self, row: Row, problems: list[Problem]) -> None:
        self._row, self._problems = row, problems

    def text(self, column: str) -> str:
        """A text; NULL is empty."""
        return self._row.cells.get(column) or ""

    def needed(self, column: str) -> str:
        """A text that must be there."""
        text = self.text(column)
        if not text.strip():
            self._wrong(column, "found nothing", "a text")
        return text

    def whole(self, column: str, default: int | None = None) -> int:
        """A whole number; NULL is the default, where there is one."""
        text = self.text(column).strip()
        if _WHOLE.fullmatch(text):
            return int(text)
        if text or default is None:
            self._wrong(column, _found(text), "a whole number")
        return default or 0

    def flag(self, column: str) -> bool:
        """Yes or no; what is neither must not switch anything on."""
        if column not in self._row.cells:
            return True
        text = self.text(column).strip().lower()
        if text not in _FLAGS:
            self._wrong(column, _found(text), "1 or 0")
        return _FLAGS.get(text, False)

    def _wrong(self, column: str, found: str, expected: str) -> None:
        self._problems.append(Problem(self._row.place, column, f"{found}, expected {expected}"))


def _found(text: str) -> str:
    return f"found a text of {len(text)} characters" if text else "found nothing"
