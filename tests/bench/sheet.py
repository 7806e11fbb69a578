"""A sheet of results: one table, as a terminal, a page and a program read it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one part of the bench found; every row has the same columns."""

    title: str
    rows: Sequence[Mapping[str, Cell]]
    #: What a reader must know to read it.
    note: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.rows[0]) if self.rows else ()


def shown(cell: Cell) -> str:
    """Three figures: more would claim what no second run confirms."""
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def table(sheet: Sheet) -> Table:
    """For a terminal."""
    made = Table(title=escape(sheet.title), caption=escape(sheet.note), title_justify="left", caption_justify="left")
    for number, column in enumerate(sheet.columns):
        made.add_column(escape(column), justify="right" if number else "left")
    for row in sheet.rows:
        made.add_row(*(escape(shown(cell)) for cell in row.values()))
    return made


def markdown(sheets: Iterable[Sheet]) -> Iterator[str]:
    """For the page, line by line."""
    for sheet in sheets:
        yield f"### {sheet.title}\n"
        yield f"| {' | '.join(sheet.columns)} |"
        yield f"|---{'|---:' * (len(sheet.columns) - 1)}|"
        for row in sheet.rows:
            yield f"| {' | '.join(shown(cell) for cell in row.values())} |"
        yield f"\n{sheet.note}\n" if sheet.note else ""
