"""The texts of an export to rows of the plugin's two tables; which table rows belong to is known by their columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.plugin_import.csv_table import read_csv
from pipeline.plugin_import.json_tables import read_json
from pipeline.plugin_import.place import Place, PluginErrors, Problem
from pipeline.plugin_import.raw import RawTable

#: The columns of the plugin's tables, in its own order; those that are marked True must be there.
SERVICE_COLUMNS: Mapping[str, bool] = {
    "id": True,
    "name": True,
    "type": False,
    "base_url": True,
    "auth_type": False,
    "auth_token": False,
    "timeout": False,
    "max_retries": False,
    "retry_backoff": False,
    "cb_failure_threshold": False,
    "cb_cooldown": False,
    "response_queue": False,
    "enabled": False,
}
RULE_COLUMNS: Mapping[str, bool] = {
    "id": False,
    "eventname": True,
    "serviceid": True,
    "endpoint": False,
    "http_method": False,
    "payload_template": False,
    "enabled": False,
}
#: Who wrote a row, and when, is the revision's affair here.
_PASSED_OVER = frozenset({"timecreated", "timemodified", "usermodified"})
#: Columns that only the plugin's other tables have.
_OTHERS = {"latency_ms": "log", "failure_count": "breakers", "error_message": "dead letters"}
_EXPECTED = "expected a table of services (with base_url) or of rules (with eventname and serviceid)"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a known table; every cell is a text, or None for NULL."""

    place: Place
    cells: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Tables:
    """All rows of an export, and what in it was left aside: a table or column, and why."""

    files: tuple[str, ...] = ()
    services: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    left_aside: list[tuple[Place, str]] = field(default_factory=list)


def read_tables(texts: Mapping[str, str], unreadable: list[Problem] | None = None) -> Tables:
    """Read the texts of files, by name; `unreadable` is what is known to be wrong already.

    Raises PluginErrors with everything that is wrong, in all texts.
    """
    problems = unreadable or []
    tables = Tables(tuple(texts))
    for file, text in texts.items():
        read = read_json if text.lstrip()[:1] in ("{", "[") else read_csv
        for raw in read(file, text, problems):
            _add(tables, raw, problems)
    if not (problems or tables.services or tables.rules):
        problems.append(Problem(Place(", ".join(texts)), "", f"found no rows, {_EXPECTED}"))
    if problems:
        raise PluginErrors(problems)
    return tables


def _add(tables: Tables, raw: RawTable, problems: list[Problem]) -> None:
    if other := next((said for column, said in _OTHERS.items() if column in raw.columns), None):
        tables.left_aside.append((Place(raw.file, raw.name), f"the plugin's {other} stay where they are"))
    elif "base_url" in raw.columns:
        tables.services.extend(_rows(raw, "services", SERVICE_COLUMNS, tables, problems))
    elif {"eventname", "serviceid"} <= set(raw.columns):
        tables.rules.extend(_rows(raw, "rules", RULE_COLUMNS, tables, problems))
    elif raw.columns:
        # Names that nobody knows are none to show: without a first line of names, they are the first row's cells.
        found = ", ".join(column for column in raw.columns if column in {**SERVICE_COLUMNS, **RULE_COLUMNS})
        problems.append(Problem(Place(raw.file, raw.name), "", f"found {found or 'none'} of the columns, {_EXPECTED}"))


def _rows(raw: RawTable, table: str, known: Mapping[str, bool], tables: Tables, problems: list[Problem]) -> list[Row]:
    whole = Place(raw.file, table)
    problems += (
        Problem(whole, column, "found no such column, expected one")
        for column, is_needed in known.items()
        if is_needed and column not in raw.columns
    )
    tables.left_aside.extend(
        (whole, f"the column {column[:40]} is none of the plugin's as known here")
        for column in raw.columns
        if column not in known and column not in _PASSED_OVER
    )
    return [Row(Place(raw.file, table, number), cells) for number, cells in enumerate(raw.rows, 1)]
