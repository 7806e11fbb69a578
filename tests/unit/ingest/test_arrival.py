import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from pipeline.broker import Incoming
from pipeline.errors import Unreadable
from pipeline.ingest.arrival import MAX_HOPS, Arrival, understand
from pipeline.ingest.formats.raw import MAX_LEVELS
from pipeline.settings import Settings

SETTINGS = Settings()
LOGIN = {"eventname": r"\core\event\user_loggedin", "userid": "2", "timecreated": 1795211290, "other": {"x": 1}}
ORDER = {"specversion": "1.0", "id": "1", "source": "shop", "type": "order"}


def arrival(
    value: Any, headers: Mapping[str, Any] | None = None, app_id: str | None = None, encoding: str | None = None
) -> Arrival:
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    return understand(
        Incoming(body, headers or {}, "mih.events", "k", "application/json", encoding, app_id, 0, 1), SETTINGS
    )


@pytest.mark.parametrize(
    ("value", "headers", "app_id", "source"),
    [
        (ORDER, {"mih-source": "header"}, "app", "shop"),
        (LOGIN, {"mih-source": "header"}, "app", "header"),
        (LOGIN, {}, "app", "app"),
        (LOGIN, {}, None, "unknown"),
    ],
)
def test_the_source_is_the_formats_own_else_the_headers_else_the_applications(
    value: Any, headers: Mapping[str, Any], app_id: str | None, source: str
) -> None:
    assert arrival(value, headers, app_id).event("1").source == source


def test_an_event_with_an_id_is_the_same_by_source_and_id_for_a_day() -> None:
    first, second = arrival(ORDER), arrival(ORDER | {"data": "other"})
    assert first.identity == second.identity
    assert (first.own_id, first.window) == ("1", timedelta(hours=24))


@pytest.mark.parametrize("other", [ORDER | {"id": "2"}, ORDER | {"source": "other"}])
def test_another_id_or_source_is_another_event(other: Any) -> None:
    assert arrival(other).identity != arrival(ORDER).identity


def test_an_event_without_an_id_is_the_same_by_its_whole_content_for_a_minute() -> None:
    reordered = dict(reversed(LOGIN.items()))
    assert arrival(reordered).identity == arrival(LOGIN).identity
    assert (arrival(LOGIN).own_id, arrival(LOGIN).window) == (None, timedelta(seconds=60))


def test_an_id_written_as_text_or_number_is_the_same_event() -> None:
    assert arrival(LOGIN | {"userid": 2}).identity == arrival(LOGIN).identity


@pytest.mark.parametrize("change", [{"timecreated": 1795211291}, {"other": {"x": 2}}, {"courseid": 5}])
def test_w5_two_events_that_share_name_and_user_are_two_events(change: dict[str, Any]) -> None:
    assert arrival(LOGIN | change).identity != arrival(LOGIN).identity


def test_the_same_content_from_another_source_is_another_event() -> None:
    assert arrival(LOGIN, {"mih-source": "a"}).identity != arrival(LOGIN, {"mih-source": "b"}).identity


def test_a_body_above_the_limit_is_refused_naming_the_setting() -> None:
    with pytest.raises(Unreadable, match="MIH_BODY_LIMIT"):
        arrival(LOGIN | {"other": {"x": "a" * SETTINGS.body_limit}})


def test_a_body_compressed_in_another_way_is_refused() -> None:
    with pytest.raises(Unreadable, match="content_encoding 'br' is not supported: expected none, gzip or utf-8"):
        arrival(LOGIN, encoding="br")


@pytest.mark.parametrize("spelt", ["9007199254740993", "123456789012345678901", "0.12345678901234567", "1e-400"])
def test_a_number_arrives_as_it_was_spelt(spelt: str) -> None:
    body = b'{"eventname": "x", "other": {"n": %s}}' % spelt.encode()
    written = arrival(body).event("1").to_bytes()
    assert json.loads(written, parse_int=Decimal, parse_float=Decimal)["data"]["other"]["n"] == Decimal(spelt)


@pytest.mark.parametrize("levels", [1, 50, 751, 780, 4000])
@pytest.mark.parametrize("inner", [b"", b"1e-400"])
def test_what_is_nested_too_deeply_to_be_passed_on_is_refused(levels: int, inner: bytes) -> None:
    # The event itself and its data's object are the first two.
    deepest = MAX_LEVELS - 2
    arrival(b'{"type": "x", "n": %s%s%s}' % (b"[" * deepest, inner, b"]" * deepest))
    deeper = deepest + levels
    with pytest.raises(Unreadable, match=r"^more than 250 levels of arrays and objects$"):
        arrival(b'{"type": "x", "n": %s%s%s}' % (b"[" * deeper, inner, b"]" * deeper))


def test_an_event_that_runs_in_a_circle_is_refused() -> None:
    arrival(ORDER | {"mihhops": MAX_HOPS - 1})
    with pytest.raises(Unreadable, match="circle"):
        arrival(ORDER | {"mihhops": MAX_HOPS})


def test_each_hub_counts_itself() -> None:
    assert arrival(ORDER).event("1").hops == 1
    assert arrival(ORDER | {"mihhops": 3}).event("1").hops == 4


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "binary", "identity", ""])
def test_a_character_set_as_encoding_is_no_compression(encoding: str) -> None:
    assert arrival(ORDER, encoding=encoding).own_id == "1"


@pytest.mark.parametrize("header", [["a"], {"a": 1}, b"\xff", 5])
def test_a_source_in_the_header_that_is_no_text_is_refused(header: Any) -> None:
    with pytest.raises(Unreadable, match="the header mih-source must be a text, found"):
        arrival(LOGIN, {"mih-source": header})


@pytest.mark.parametrize("other", [b'{"b": 1e-400, "a": 1}', b'{"a": 1, "a": 1, "b": 1e-400}', b'{"a":1,"b":0.1e-399}'])
def test_content_is_the_same_in_any_order_and_spelling(other: bytes) -> None:
    login = b'{"eventname": "x", "other": %s}'
    assert arrival(login % other).identity == arrival(login % b'{"a": 1, "b": 1e-400}').identity


def test_neighbouring_numbers_that_a_double_cannot_tell_apart_are_two_events() -> None:
    login = b'{"eventname": "x", "other": {"n": %d}}'
    assert arrival(login % 12345678901234567890123).identity != arrival(login % 12345678901234567890124).identity


@pytest.mark.parametrize("change", [{"id": 5}, {"type": ""}, {"source": 5}, {"time": 5}])
def test_an_attribute_that_cannot_be_meant_is_refused_before_anything_is_claimed(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        arrival(ORDER | change)
