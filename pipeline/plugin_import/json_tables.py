"""JSON exports: rows in an array, objects by id, tables by name, phpMyAdmin's list of tables, one row per line."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pipeline import exact_json
from pipeline.plugin_import.place import Place, Problem
from pipeline.plugin_import.raw import RawTable, or_null
from pipeline.rules.fault import kind

#: A file with a table, in a database, in an export: no tool nests deeper.
_MAX_DEPTH = 4


def read_json(file: str, text: str, problems: list[Problem]) -> Iterator[RawTable]:
    """Read all tables of a file."""
    try:
        found = _parsed(text)
    except ValueError as broken:
        problems.append(Problem(Place(file), "", f"cannot be read as JSON: {broken}"))
        return
    for name, rows in _tables(found, "", _MAX_DEPTH):
        yield _table(file, name, rows, problems)


def _parsed(text: str) -> Any:
    try:
        return exact_json.loads(text)
    except ValueError as broken:
        try:
            return [exact_json.loads(line) for line in text.split("\n") if line.strip()]
        except ValueError:
            raise broken from None


def _tables(found: Any, name: str, depth: int) -> Iterator[tuple[str, Sequence[Any]]]:
    """Give each table's name, as far as it has one, and its rows."""
    if isinstance(found, list) and any(_is_phpmyadmin(item) for item in found):
        for item in found:
            if _is_phpmyadmin(item):
                yield str(item.get("name", "")), item["data"]
    elif isinstance(found, list):
        yield name, found
    elif isinstance(found, dict) and found and all(key.isdigit() for key in found):
        yield name, list(found.values())
    elif isinstance(found, dict) and depth and any(isinstance(item, list | dict) for item in found.values()):
        for key, item in found.items():
            if isinstance(item, list | dict):
                yield from _tables(item, key, depth - 1)
    else:
        yield name, [found]


def _is_phpmyadmin(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") == "table" and isinstance(item.get("data"), list)


def _table(file: str, name: str, rows: Sequence[Any], problems: list[Problem]) -> RawTable:
    columns: dict[str, None] = {}
    read: list[Mapping[str, str | None]] = []
    for number, row in enumerate(rows, 1):
        place = Place(file, name, number)
        if isinstance(row, dict):
            cells = {key.strip().lower(): _cell(value, place, key, problems) for key, value in row.items()}
            columns |= dict.fromkeys(cells)
            read.append(cells)
        else:
            problems.append(Problem(place, "", f"found {kind(row)}, expected a row: an object with its columns"))
    return RawTable(file, name, list(columns), read)


def _cell(value: Any, place: Place, column: str, problems: list[Problem]) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return str(int(value))
        case float() if value.is_integer():
            return str(int(value))
        case int() | float() | Decimal():
            return str(value)
        case str() if _is_whole(value):
            return or_null(value)
        case str():
            problems.append(Problem(place, column, "found half of a surrogate pair, expected whole characters"))
        case _:
            problems.append(Problem(place, column, f"found {kind(value)}, expected a text, a number or null"))
    return None


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
