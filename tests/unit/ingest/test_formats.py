from typing import Any

import orjson
import pytest

from pipeline.errors import Unreadable
from pipeline.ingest import formats
from pipeline.ingest.formats.raw import Raw

MOODLE = {
    "eventname": r"\core\event\user_enrolment_created",
    "component": "core",
    "action": "created",
    "target": "user_enrolment",
    "objecttable": "user_enrolments",
    "objectid": 1,
    "crud": "c",
    "edulevel": 0,
    "contextid": 13,
    "contextlevel": 50,
    "contextinstanceid": "2",
    "userid": "2",
    "courseid": "2",
    "relateduserid": None,
    "anonymous": 0,
    "other": [],
    "timecreated": 1795211290,
}
CLOUD = {"specversion": "1.0", "id": "1", "source": "s", "type": "org.example.order", "data": {"n": 1}}


def raw(value: Any, content_type: str | None = "application/json", **headers: Any) -> Raw:
    return Raw(value if isinstance(value, bytes) else orjson.dumps(value), content_type, headers)


def test_moodles_ids_become_numbers_or_null_and_an_empty_other_an_object() -> None:
    event = formats.read(raw(MOODLE))
    data = event["data"]
    assert [data[key] for key in ("objectid", "userid", "courseid", "contextinstanceid")] == [1, 2, 2, 2]
    assert data["relateduserid"] is None
    assert data["other"] == {}
    assert data.keys() == MOODLE.keys()


def test_a_moodle_event_has_its_class_as_type_its_row_as_subject_and_no_id() -> None:
    event = formats.read(raw(MOODLE))
    assert event["type"] == r"\core\event\user_enrolment_created"
    assert event["subject"] == "user_enrolments/1"
    assert event["time"] == "2026-11-20T21:48:10+00:00"
    assert "id" not in event


def test_a_moodle_name_without_its_backslash_is_the_same_type() -> None:
    assert formats.read(raw(MOODLE | {"eventname": r"core\event\x"}))["type"] == r"\core\event\x"


@pytest.mark.parametrize("other", [{"finalgrade": "87.50000"}, None, ["a"], {"nested": {"deep": []}}])
def test_what_other_holds_keeps_its_shape(other: Any) -> None:
    assert formats.read(raw(MOODLE | {"other": other}))["data"]["other"] == other


@pytest.mark.parametrize(("written", "read"), [("2", 2), (2, 2), ("-1", -1), (None, None), ("", None), ("007", 7)])
def test_an_id_is_a_number_however_it_was_written(written: Any, read: int | None) -> None:
    assert formats.read(raw(MOODLE | {"objectid": written}))["data"]["objectid"] == read


@pytest.mark.parametrize("written", ["two", "2.0", "9" * 19, "9" * 5000, 2.5, True, [], "٢", "--1", " 2"])
def test_an_id_that_is_no_number_is_refused_naming_its_key(written: Any) -> None:
    with pytest.raises(Unreadable, match="courseid must be a whole number or null"):
        formats.read(raw(MOODLE | {"courseid": written}))


@pytest.mark.parametrize("name", [None, 5, "", "\\"])
def test_a_moodle_event_without_a_name_is_refused(name: Any) -> None:
    with pytest.raises(Unreadable, match="eventname"):
        formats.read(raw(MOODLE | {"eventname": name}))


def test_a_time_beyond_all_calendars_is_refused() -> None:
    with pytest.raises(Unreadable, match="timecreated"):
        formats.read(raw(MOODLE | {"timecreated": 10**18}))


def test_a_cloud_event_is_known_by_its_content_type_or_its_shape() -> None:
    assert formats.read(raw(CLOUD, "application/cloudevents+json; charset=utf-8")) == CLOUD
    assert formats.read(raw(CLOUD)) == CLOUD
    assert formats.read(raw(CLOUD, None)) == CLOUD


def test_a_cloud_event_that_holds_a_moodle_event_is_a_cloud_event() -> None:
    assert formats.read(raw(CLOUD | {"data": MOODLE}))["data"] == MOODLE


@pytest.mark.parametrize("prefix", ["ce-", "CE-", "ce_", "cloudEvents:", "cloudEvents_"])
def test_a_cloud_event_in_headers_is_read_by_any_prefix_in_use(prefix: str) -> None:
    headers: dict[str, Any] = {f"{prefix}{name}": value for name, value in CLOUD.items() if name != "data"}
    event = formats.read(raw({"n": 1}, **headers))
    assert event == CLOUD | {"datacontenttype": "application/json"}


@pytest.mark.parametrize(
    ("body", "content_type", "data"),
    [
        (b"", None, None),
        (b"null", "application/json", None),
        (b'{"n": 1}', "application/vnd.example+json", {"n": 1}),
        ("ünicode".encode(), "text/plain; charset=utf-8", "ünicode"),
        (b"<a/>", "text/xml", "<a/>"),
    ],
)
def test_the_data_of_a_cloud_event_in_headers(body: bytes, content_type: str | None, data: Any) -> None:
    headers: dict[str, Any] = {f"ce-{name}": value for name, value in CLOUD.items() if name != "data"}
    assert formats.read(raw(body, content_type, **headers))["data"] == data


@pytest.mark.parametrize(
    ("value", "content_type", "headers", "said"),
    [
        (b"{", None, {}, "not JSON"),
        (b"", None, {}, "not JSON"),
        (b"\xff\xfe", None, {}, "not JSON"),
        (b"NaN", None, {}, "not JSON"),
        (b"5", None, {}, "fits no format"),
        (b"[]", None, {}, "fits no format"),
        ({"hello": "world"}, None, {}, "fits no format"),
        (b"[]", "application/cloudevents+json", {}, "expected a JSON object"),
        (CLOUD | {"id": ""}, None, {}, "must have an id"),
        (CLOUD | {"data_base64": "AA=="}, None, {}, "data_base64"),
        (b"\x00", "image/png", {"ce-specversion": "1.0", "ce-id": "1"}, "'image/png' is not supported"),
        (b"\xff", "text/plain", {"ce-specversion": "1.0", "ce-id": "1"}, "must be UTF-8"),
        (b"{}", None, {"ce-specversion": "1.0"}, "ce-id"),
        (b"{}", None, {"ce-specversion": "1.0", "ce-id": "1", "ce-x": [1]}, "ce-x must be a text"),
    ],
)
def test_what_fits_no_format_is_refused_with_what_was_expected(
    value: Any, content_type: str | None, headers: dict[str, Any], said: str
) -> None:
    with pytest.raises(Unreadable, match=said):
        formats.read(raw(value, content_type, **headers))
