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


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2", 2),
        (2, 2),
        ("-1", -1),
        (None, None),
        ("", None),
        ("007", 7),
        (2**63 - 1, 2**63 - 1),
        (str(-(2**63)), -(2**63)),
    ],
)
def test_an_id_is_a_number_however_it_was_written(written: Any, read: int | None) -> None:
    assert formats.read(raw(MOODLE | {"objectid": written}))["data"]["objectid"] == read


@pytest.mark.parametrize("written", ["two", "2.0", str(2**63), 2**63, "9" * 5000, 2.5, True, [], "٢", "--1", " 2"])
def test_an_id_that_is_no_number_is_refused_naming_its_key(written: Any) -> None:
    with pytest.raises(Unreadable, match="courseid must be a whole number of 64 bits or null"):
        formats.read(raw(MOODLE | {"courseid": written}))


@pytest.mark.parametrize("name", [None, 5, "", "\\"])
def test_a_moodle_event_without_a_name_is_refused(name: Any) -> None:
    with pytest.raises(Unreadable, match="eventname"):
        formats.read(raw(MOODLE | {"eventname": name}))


def test_a_time_beyond_all_calendars_is_refused() -> None:
    with pytest.raises(Unreadable, match="timecreated"):
        formats.read(raw(MOODLE | {"timecreated": 10**18}))


PAID = {
    "eventName": "OrderPaid",
    "sourceModule": "shop",
    "aggregateType": "order",
    "aggregateId": 4711,
    "payload": {"total": "9.50"},
    "timestamp": "2026-11-20T21:48:10Z",
    "metadata": {"eventId": "e-1", "userId": 2},
}


def test_a_domain_event_keeps_all_of_itself_as_data() -> None:
    assert formats.read(raw(PAID)) == {
        "specversion": "1.0",
        "id": "e-1",
        "type": "OrderPaid",
        "source": "shop",
        "subject": "order/4711",
        "time": "2026-11-20T21:48:10Z",
        "data": PAID,
    }


@pytest.mark.parametrize(
    ("change", "attribute", "value"),
    [
        ({"eventId": 7}, "id", "7"),
        ({"id": "own"}, "id", "own"),
        ({"outboxEventId": 17, "metadata": {}}, "id", None),
        ({"eventId": None, "id": 12}, "id", "12"),
        ({"metadata": None}, "id", None),
        ({"metadata": {"correlationId": "c"}}, "id", None),
        ({"timestamp": 1795211290}, "time", "2026-11-20T21:48:10+00:00"),
        ({"timestamp": 1795211290500}, "time", "2026-11-20T21:48:10.500000+00:00"),
        ({"timestamp": None}, "time", None),
        ({"aggregateId": None}, "subject", "order"),
        ({"aggregateId": True}, "subject", "order"),
        ({"aggregateType": None}, "subject", None),
        ({"sourceModule": None}, "source", None),
    ],
)
def test_an_attribute_of_a_domain_event(change: dict[str, Any], attribute: str, value: str | None) -> None:
    assert formats.read(raw(PAID | change))[attribute] == value


@pytest.mark.parametrize("spelt", [b"1795211290.50000000000001", b"1795211290500.0000000000001"])
def test_a_time_with_more_digits_than_a_double_holds_is_a_time(spelt: bytes) -> None:
    event = formats.read(raw(b'{"eventName": "x", "timestamp": %s}' % spelt))
    assert event["time"] == "2026-11-20T21:48:10.500000+00:00"


def test_a_domain_event_needs_its_name_only() -> None:
    event = formats.read(raw({"eventName": "Started"}))
    assert (event["type"], event["data"]) == ("Started", {"eventName": "Started"})


def test_an_id_is_text_however_long_its_number_is() -> None:
    assert formats.read(raw(b'{"type": "x", "id": 12345678901234567890, "data": 1}'))["id"] == "12345678901234567890"
    event = formats.read(raw(b'{"type": "x", "id": 12345678901234567890123, "data": 1}'))
    assert event["id"] == "12345678901234567890123"
    event = formats.read(raw(b'{"eventName": "x", "aggregateType": "a", "aggregateId": 12345678901234567890123}'))
    assert event["subject"] == "a/12345678901234567890123"


def test_plain_json_with_a_type_is_all_data() -> None:
    event = formats.read(raw({"type": "shop.paid", "order": 4711, "id": 5, "source": "shop"}))
    assert (event["type"], event["source"]) == ("shop.paid", "shop")
    assert event["data"] == {"type": "shop.paid", "order": 4711, "id": 5, "source": "shop"}


def test_the_id_of_plain_json_without_data_is_what_it_is_about_and_drops_no_later_event() -> None:
    assert formats.read(raw({"type": "order.paid", "id": 4711}))["id"] is None
    assert formats.read(raw({"type": "order.shipped", "id": 4711}))["id"] is None


def test_plain_json_with_data_is_a_cloud_event_without_its_version() -> None:
    event = formats.read(raw({"type": "shop.paid", "id": "5", "data": [1], "tenant": "north"}))
    assert (event["id"], event["data"], event["tenant"], event["specversion"]) == ("5", [1], "north", "1.0")


def test_what_is_more_than_plain_json_with_a_type_is_read_as_that() -> None:
    assert formats.read(raw(MOODLE | {"type": "x"}))["type"] == MOODLE["eventname"]
    assert formats.read(raw(CLOUD | {"eventname": 5})) == CLOUD | {"eventname": 5}
    assert formats.read(raw(PAID | {"type": "x"}))["type"] == "OrderPaid"


def test_of_two_equal_keys_the_last_counts_as_in_javascript_and_php() -> None:
    assert formats.read(raw(b'{"type": "a", "type": "b"}'))["type"] == "b"


def test_a_cloud_event_is_known_by_its_content_type_or_its_shape() -> None:
    assert formats.read(raw(CLOUD, "application/cloudevents+json; charset=utf-8")) == CLOUD
    assert formats.read(raw(CLOUD)) == CLOUD
    assert formats.read(raw(CLOUD, None)) == CLOUD


def test_a_cloud_event_whose_attributes_are_in_headers_too_is_not_its_own_data() -> None:
    headers: dict[str, Any] = {f"ce-{name}": value for name, value in CLOUD.items() if name != "data"}
    assert formats.read(raw(CLOUD, "application/cloudevents+json; charset=utf-8", **headers)) == CLOUD


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
        (b"[]", "application/cloudevents+json", {}, "expected a JSON object, found an array"),
        (b'{"a": 1e400}', None, {}, "not JSON: number is infinity"),
        (b'{"a": 1e-99999999999999999999}', None, {}, "has an exponent that cannot be kept"),
        (b'{"a": NaN}', None, {}, "not JSON"),
        (b'{"a": "\\ud800"}', None, {}, "not JSON: no low surrogate in string"),
        (b'{"a": "\x00"}', None, {}, "not JSON"),
        ({"eventName": 5}, None, {}, "eventName must be a text that is not empty, found 5"),
        ({"eventName": "x", "sourceModule": 5}, None, {}, "sourceModule must be a text"),
        ({"eventName": "x", "timestamp": True}, None, {}, "timestamp must be a time"),
        ({"eventName": "x", "timestamp": [1]}, None, {}, "timestamp must be a time"),
        ({"eventName": "x", "timestamp": 10**18}, None, {}, "timestamp must be a time"),
        ({"eventName": "x", "id": [1]}, None, {}, "^id must be a text"),
        ({"eventName": "x", "metadata": {"eventId": {}}}, None, {}, "metadata.eventId must be .*, found an object"),
        (
            b'{"type": "x", "data": 1, "id": 12345678901234567890123.0}',
            None,
            {},
            "id must .*, found 12345678901234567890…",
        ),
        (b"[" * 5000, None, {}, "^more than 250 levels of arrays and objects$"),
        ({"type": ["x"] * 100}, None, {}, "found an array$"),
        ({"hello": "world"}, None, {}, "an object with 1 key;"),
        ({"eventName": "x", "sourceModule": ["a" * 100]}, None, {}, "found an array$"),
        (CLOUD | {"id": None}, None, {}, "must have an id"),
        ({"type": None}, None, {}, "type must be a text that is not empty"),
        ({"type": ""}, None, {}, "type must be a text that is not empty"),
        ({"type": "x", "time": 5}, None, {}, "time must be a text"),
        ({"type": "x", "data": 1, "id": 2.5}, None, {}, "id must be a text .* or a whole number, found 2.5"),
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
