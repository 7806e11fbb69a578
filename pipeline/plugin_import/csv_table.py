r"""CSV and TSV as spreadsheets, phpMyAdmin, `psql --csv`, `COPY`, `mysql --batch` and `INTO OUTFILE` write them.

Quotes inside quotes are doubled, or, in MySQL's own way, everything odd has a backslash before it. Which of the two it
is, is told by the first event's name: `\\core\event` is written by nobody, `\\core\\event` by who doubles backslashes.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from pipeline.plugin_import.place import Place, Problem
from pipeline.plugin_import.raw import RawTable, or_null

_DELIMITERS = ",;\t"
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
#: NULL in MySQL's way, which is no escaped N.
_NULL = re.compile(r"(?<![^,;\t\r\n])\\N(?![^,;\t\r\n])")
_QUOTED_TSV = re.compile(r'(?:^|\t)"[^\t]*"(?:\t|\r?$)', re.MULTILINE)


def read_csv(file: str, text: str, problems: list[Problem]) -> Iterator[RawTable]:
    """Read the one table of a file."""
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    try:
        header, *rows = _parsed(text, delimiter) or [[]]
    except csv.Error as broken:
        problems.append(Problem(Place(file), "", f"cannot be read as CSV: {broken}"))
        return
    columns = [column.strip().lower() for column in header]
    if any(len(row) != len(columns) for row in rows):
        problems += _uneven(file, rows, len(columns))
        return
    yield RawTable(file, "", columns, [dict(zip(columns, map(or_null, row), strict=True)) for row in rows])


def _parsed(text: str, delimiter: str) -> list[list[str]]:
    if delimiter == "\t" and not _QUOTED_TSV.search(text):
        rows = _rows(text, delimiter, quoting=csv.QUOTE_NONE)
        if _doubles_backslashes(rows):
            return [[_unescaped(cell) for cell in row] for row in rows]
        return rows
    try:
        rows = _rows(text, delimiter, strict=True)
    except csv.Error:
        # A quote with a backslash before it is none that closes; what is wrong both ways is told of the common one.
        if '\\"' not in text:
            raise
        return _backslashed(text, delimiter)
    return _backslashed(text, delimiter) if _doubles_backslashes(rows) else rows


def _backslashed(text: str, delimiter: str) -> list[list[str]]:
    return _rows(_NULL.sub("NULL", text), delimiter, escapechar="\\", doublequote=False, strict=True)


def _rows(text: str, delimiter: str, **dialect: object) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, **dialect)  # type: ignore[arg-type]  # passed on
    return [row for row in reader if row]


def _doubles_backslashes(rows: Sequence[Sequence[str]]) -> bool:
    header = [column.strip().lower() for column in rows[0]] if rows else []
    if "eventname" not in header:
        return False
    at = header.index("eventname")
    return any(row[at].startswith("\\\\") for row in rows[1:] if len(row) > at)


def _unescaped(cell: str) -> str:
    return cell if cell == r"\N" else _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), cell)


def _uneven(file: str, rows: Sequence[Sequence[str]], expected: int) -> Iterator[Problem]:
    for number, row in enumerate(rows, 1):
        if len(row) != expected:
            message = f"found {len(row)} cells, expected {expected} as in the first line"
            yield Problem(Place(file, "", number), "", message)
