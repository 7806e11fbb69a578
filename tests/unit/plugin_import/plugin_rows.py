"""Rows of the plugin's tables for tests, and what is made of them."""

import json
from typing import Any

from pipeline.attempt.transports import SCHEMAS
from pipeline.plugin_import import Entry, Imported, import_tables, read_tables

SERVICE = {"id": 1, "name": "erp", "type": "rest", "base_url": "https://erp.example.org/api", "enabled": 1}
RULE = {"id": 1, "eventname": r"\core\event\user_created", "serviceid": 1, "http_method": "POST", "enabled": 1}


def imported(*rules: dict[str, Any], services: Any = (SERVICE,)) -> Imported:
    rows = {"services": list(services)} | ({"rules": list(rules)} if rules else {})
    return import_tables(read_tables({"plugin.json": json.dumps(rows)}), SCHEMAS)


def of_service(**cells: Any) -> Entry:
    return imported(services=[SERVICE | cells]).entries[0]


def of_rule(*, service: dict[str, Any] | None = None, **cells: Any) -> Entry:
    return imported(RULE | cells, services=[SERVICE | (service or {})]).entries[-1]


def said(entry: Entry, column: str) -> str:
    return "\n".join(f"{one.there} → {one.here}" for one in entry.differences if one.column == column)
