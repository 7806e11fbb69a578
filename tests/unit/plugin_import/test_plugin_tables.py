r"""Exports as databases and their tools write them: the same rows, or everything that is wrong with them at once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.attempt.transports import SCHEMAS
from pipeline.plugin_import import PluginErrors, import_tables, read_tables

PAYLOAD = '{"a": "\\u00e9",\n "who": "{{userid}}"}'
CELLS = {
    "id": "3",
    "eventname": r"\core\event\user_created",
    "serviceid": "1",
    "endpoint": None,
    "payload_template": PAYLOAD,
    "enabled": "1",
}
HEADER = "id{0}eventname{0}serviceid{0}endpoint{0}payload_template{0}enabled\n"
QUOTED = '"' + PAYLOAD.replace('"', '""') + '"'
BACKSLASHED = PAYLOAD.replace("\\", "\\\\").replace('"', '\\"')
BATCH = PAYLOAD.replace("\\", "\\\\").replace("\n", "\\n")
ROW = {key: int(cell) if cell and cell.isdigit() else cell for key, cell in CELLS.items()}


@pytest.mark.parametrize(
    "text",
    [
        HEADER.format(",") + rf"3,\core\event\user_created,1,,{QUOTED},1" + "\n",
        HEADER.format(";") + rf'"3";"\core\event\user_created";"1";NULL;{QUOTED};"1"',
        HEADER.format("\t") + rf"3	\core\event\user_created	1	\N	{QUOTED}	1" + "\n",
        HEADER.format(",").replace("\n", "\r\n") + rf"3,\core\event\user_created,1,\N,{QUOTED},1" + "\r\n",
        HEADER.format(",") + rf'"3","\\core\\event\\user_created","1",\N,"{BACKSLASHED}","1"' + "\n",
        HEADER.format("\t") + rf"3	\\core\\event\\user_created	1	NULL	{BATCH}	1" + "\n",
        HEADER.format("\t") + rf"3	\\core\\event\\user_created	1	\N	{BATCH}	1" + "\n",
        json.dumps([CELLS]),
        json.dumps([ROW], indent=2),
        json.dumps({"3": ROW}),
        json.dumps(ROW),
        json.dumps(ROW) + "\n" + "\n",
        json.dumps({"rules": [ROW]}),
        json.dumps({"moodle": {"mdl_local_integrationhub_rules": {"3": ROW}}}),
        json.dumps([{"type": "header"}, {"type": "table", "name": "x", "database": "y", "data": [CELLS]}]),
        json.dumps([{**ROW, "enabled": True, "TIMECREATED": 1}]).replace("eventname", "EventName"),
    ],
    ids=range(16),
)
def test_every_way_of_writing_a_row_is_the_same_row(text: str) -> None:
    tables = read_tables({"export": text})
    assert [{key: row.cells[key] for key in CELLS} for row in tables.rules] == [CELLS]
    assert tables.left_aside == []


def test_the_plugins_other_tables_and_unknown_columns_are_left_aside_in_words() -> None:
    log = {"id": 1, "serviceid": 1, "endpoint": "/", "latency_ms": 4, "error_message": None}
    dead = {"id": 1, "eventname": r"\a\b", "serviceid": 1, "payload": "{}", "error_message": "x"}
    tables = read_tables(
        {"all.json": json.dumps({"_log": [log], "_dlq": [dead], "_rules": [{**ROW, "colour": "red"}]})}
    )
    assert len(tables.rules) == 1
    assert [(str(place), why) for place, why in tables.left_aside] == [
        ("all.json: _log", "the plugin's log stay where they are"),
        ("all.json: _dlq", "the plugin's dead letters stay where they are"),
        ("all.json: rules", "the column colour is none of the plugin's as known here"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "f: found no rows, expected a table of services"),
        ("[]", "f: found no rows, expected a table of services"),
        ("{", "f: cannot be read as JSON: "),
        ('[1, "x"]', "f: row 1: found a number, expected a row: an object with its columns\nf: row 2: found a text"),
        ('[{"id": 1, "name": "x"}]', "f: found id, name of the columns, expected a table of services (with base_url)"),
        ("3,hunter2hunter2\n4,hunter2\n", "f: found none of the columns, expected a table of services"),
        ("name,base_url\nx,y\n", "f: services: id: found no such column, expected one"),
        ("id,name,base_url\n1,x\n", "f: row 1: found 2 cells, expected 3 as in the first line"),
        ('id,name,base_url\n1,x,"y\n', "f: cannot be read as CSV: unexpected end of data"),
        ('[{"id": 1, "name": ["x"], "base_url": "y"}]', "f: row 1: name: found a list, expected a text, a number or"),
        (f'[{{"id": {"9" * 30}, "name": "x", "base_url": "y"}}]', "found a text of 30 characters"),
        (r'[{"id": 1, "name": "\ud800", "base_url": "y"}]', "f: cannot be read as JSON"),
    ],
)
def test_what_is_no_export_is_told_by_file_row_and_column(text: str, told: str) -> None:
    with pytest.raises(PluginErrors) as wrong:
        import_tables(read_tables({"f": text}), SCHEMAS)
    assert told in str(wrong.value)
    assert "hunter2" not in str(wrong.value)


def test_everything_wrong_in_the_cells_of_all_files_is_told_at_once_and_no_cell_is_shown() -> None:
    services = "id,name,base_url,auth_token,timeout,enabled\n1,erp,https://x,,hunter2,1\n1,,https://y,,5,maybe\n"
    rules = "id,eventname,serviceid,enabled\nhunter2,,x,\n"
    with pytest.raises(PluginErrors) as wrong:
        import_tables(read_tables({"s.csv": services, "r.csv": rules}), SCHEMAS)
    assert str(wrong.value).splitlines() == [
        "s.csv: services row 1: timeout: found a text of 7 characters, expected a whole number",
        "s.csv: services row 2: name: found nothing, expected a text",
        "s.csv: services row 2: enabled: found a text of 5 characters, expected 1 or 0",
        "r.csv: rules row 1: id: found a text of 7 characters, expected a whole number",
        "r.csv: rules row 1: eventname: found nothing, expected a text",
        "r.csv: rules row 1: serviceid: found a text of 1 characters, expected a whole number",
        "r.csv: rules row 1: enabled: found nothing, expected 1 or 0",
        "s.csv: services row 2: id: found 1 twice, first in s.csv: services row 1, expected once",
    ]


def test_rules_without_a_table_of_services_are_told() -> None:
    with pytest.raises(PluginErrors, match="found no table of services, expected it in a file too"):
        import_tables(read_tables({"r.json": json.dumps([ROW])}), SCHEMAS)


_NAMES = st.sampled_from(["id", "name", "base_url", "type", "data", "eventname", "serviceid", "1", "2"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=5),
)
_CSV = st.text(st.sampled_from('id,;\t"\\N\n\r\0x'))


@given(
    _JSON.map(json.dumps) | _CSV | _CSV.map("id,name,base_url\n".__add__) | _CSV.map("eventname\tserviceid\n".__add__)
)
def test_any_text_is_an_export_or_told_in_words(text: str) -> None:
    try:
        import_tables(read_tables({"f": text}), SCHEMAS)
    except PluginErrors as wrong:
        told = str(wrong)
    else:
        told = "f: fine"
    assert all(line.startswith("f: ") for line in told.splitlines())
