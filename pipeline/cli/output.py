"""What commands print: tables for people, JSON for programs, errors on standard error."""

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from pipeline import exact_json
from pipeline.spelt import spelt

#: Columns where nobody looks: enough that no cell is broken, for what comes next may be grep.
_UNBROKEN = 500


class TextConsole(Console):
    """A console whose terminal obeys this program only: what others wrote is spelt."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as rich does, with the controls that it means, and no other."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=spelt(segment.text, kept="\n\t"))


# Text of others may hold what rich reads as an emoji: 12:100:3.
console = TextConsole(width=None if sys.stdout.isatty() else _UNBROKEN, emoji=False)
_errors = TextConsole(stderr=True, emoji=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    printed = exact_json.dumps(value, option=orjson.OPT_INDENT_2, otherwise=str).decode()
    sys.stdout.write(spelt(printed, kept="\n") + "\n")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; columns whose name ends in `#` are numbers, set to the right."""
    plain: dict[str, Any] = {} if console.is_terminal else {"box": None, "pad_edge": False}
    table = Table(title=title, title_justify="left", header_style="bold", **plain)
    for column in columns:
        justify: JustifyMethod = "right" if column.endswith("#") else "left"
        table.add_column(column.removesuffix("#"), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(cell if hasattr(cell, "__rich__") else Text(_one_line(str(cell))) for cell in row))
    console.print(table)


def _one_line(text: str) -> str:
    """Of a cell, lest it look like a further row."""
    return " ".join(text.splitlines())


def complain(message: str) -> None:
    """Print an error, each of its lines as it is."""
    _errors.print(f"[bold red]error[/] {escape(message)}", highlight=False, soft_wrap=True)
