"""What the commands of `mih dlq` read from their options and tell of letters, without a broker or a database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from pipeline.broker import Incoming
from pipeline.cli.dlq.described import described, pretty
from pipeline.cli.dlq.list import Listed, differences
from pipeline.cli.dlq.places import Place
from pipeline.cli.dlq.selected import check_place, selection_of
from pipeline.cli.dlq.show import _show
from pipeline.dead_index import Dropped, Selection, read_letter
from pipeline.dead_letter import headers_of_death
from pipeline.delivery import CONTENT_TYPE, Delivery, Request
from pipeline.errors import Misconfigured
from pipeline.event import Event
from pipeline.outcome import Ending, Outcome
from topology import names
from topology.depth import Depth

#: No RabbitMQ is there.
AWAY = "amqp://127.0.0.1:1/"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STORY = [{"attempt": 1, "at": NOON.isoformat(), "ending": "may-pass", "reason": "HTTP 503", "answer": "down"}]


def letter(headers: dict[str, str], story: str = "", path: str = "/a") -> Any:
    request = Request({"method": "POST", "path": path, "headers": headers}, '{"a":1}')
    event = Event("e1", "shop", "shop.order", {"n": 1})
    delivery = Delivery("d1", "erp", "orders", 7, request, event, NOON, attempt=2, story=story)
    told = headers_of_death(delivery, Outcome(Ending.CANNOT_PASS, "HTTP 422", 422, 5, None, "no"), "HTTP 422", NOON)
    message = Incoming(delivery.to_bytes(), told, "mih.dlx", "erp", CONTENT_TYPE, None, None, 0, 1)
    return read_letter(message, NOON)


def listed(*places: Place, waiting: Depth | None = None, away: str = "", dropped: tuple[Dropped, ...] = ()) -> Listed:
    return Listed(groups=(), places=places, dropped=dropped, waiting=waiting, away=away)


def test_no_option_means_every_letter() -> None:
    assert selection_of("", "", "", None, "") == Selection()


def test_options_are_what_they_say() -> None:
    read = selection_of("erp", "timeout", "6h", ["a", "b", "a"], "0123456789ab", now=NOON)
    assert read == Selection("erp", "timeout", NOON - timedelta(hours=6), frozenset({"a", "b"}), "0123456789ab")


@pytest.mark.parametrize("age", ["6", "six hours", "-1h", "99999999d", "9" * 400 + "d"])
def test_an_age_that_is_none_is_refused(age: str) -> None:
    with pytest.raises(Misconfigured, match="--older-than: "):
        selection_of("", "", age, None, "", now=NOON)


@pytest.mark.parametrize("service", ["", "erp", "invalid", "unroutable"])
def test_a_place_that_is_known_is_taken(service: str) -> None:
    check_place(service, ["erp"], AWAY)


def test_a_service_that_nobody_knows_is_refused_with_the_nearest() -> None:
    with pytest.raises(Misconfigured, match=r"'epr' \(did you mean 'erp'\?\); .*: erp, invalid, unroutable"):
        check_place("epr", ["erp"], AWAY)


def test_an_index_that_agrees_says_nothing() -> None:
    assert differences(listed(Place("erp", 3, 3), Place("lms", 0, None), waiting=Depth(0, 0))) == []


def test_an_index_that_does_not_agree_says_where() -> None:
    erp, gone = differences(listed(Place("erp", 412, 400), Place("old", 1, None)))
    assert erp.startswith("mih.dlq.erp: the index knows 412, the queue holds 400; ")
    assert gone == "mih.dlq.old: the index knows 1, and there is no such queue"


@pytest.mark.parametrize(("consumers", "end"), [(1, "recorder"), (0, "none runs: `mih recorder`")])
def test_a_recorder_that_is_behind_or_missing_is_told(consumers: int, end: str) -> None:
    [told] = differences(listed(waiting=Depth(1_200, consumers)))
    assert told.startswith("mih.dead: 1,200 letters wait for the recorder")
    assert told.endswith(end)


def test_without_a_broker_nothing_is_said_to_differ() -> None:
    assert differences(listed(Place("erp", 412, None), away="RabbitMQ is away")) == [
        "Whether the queues hold what the index knows could not be asked: RabbitMQ is away"
    ]


def test_what_limits_dropped_is_always_told() -> None:
    dropped = Dropped("erp", "older than 30d", 1_000, NOON, NOON + timedelta(days=1))
    assert differences(listed(dropped=(dropped,), away="?"))[0] == (
        "mih.dlq.erp: 1,000 letters dropped (older than 30d) from 2026-11-20 12:00Z to 2026-11-21 12:00Z"
    )


def test_a_letter_is_described_with_event_request_and_every_attempt() -> None:
    found = described(letter({"X-Site": "moodle"}, orjson.dumps(STORY).decode()))
    assert found["event"]["data"] == {"n": 1}
    assert found["request"]["send"] == {"method": "POST", "path": "/a", "headers": {"X-Site": "moodle"}}
    assert found["story"] == STORY
    assert (found["reason"], found["rule"], found["revision"]) == ("HTTP 422", "orders", 7)


def test_a_letter_without_a_story_tells_its_last_attempt() -> None:
    [attempt] = described(letter({}))["story"]
    assert (attempt["attempt"], attempt["status"], attempt["answer"]) == (2, 422, "no")


def test_a_story_that_somebody_forged_moves_nobodys_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever can publish can write a story."""
    escape = "\x1b[2J"
    forged = [dict.fromkeys(("attempt", "at", "ending", "reason", "status", "latency_ms", "answer"), escape)]
    _show(described(letter({"X-Site": escape}, orjson.dumps(forged).decode())), NOON)
    assert "\x1b" not in capsys.readouterr().out


def test_a_token_in_the_path_of_a_request_is_masked() -> None:
    found = described(letter({}, path="/a?wstoken=hunter2&n=1&api_key=hunter2#x"))
    assert found["request"]["send"]["path"] == "/a?wstoken=***&n=1&api_key=***#x"


@pytest.mark.parametrize("name", ["Authorization", "proxy-authorization", "Cookie", "X-Api-Key", "X-TOKEN", "x-secret"])
def test_a_header_that_is_named_like_a_secret_is_masked(name: str) -> None:
    assert described(letter({name: "hunter2"}))["request"]["send"]["headers"] == {name: "***"}


def test_what_is_no_delivery_is_described_as_it_came() -> None:
    headers = {names.HEADER_REASON: "not JSON", names.HEADER_ROUTING_KEY: "shop.order", "ce-token": "hunter2"}
    came = Incoming(b"{broken\xff", headers, "mih.dlx", "invalid", "text/json", "gzip", None, 0, 1)
    found = described(read_letter(came, NOON))
    assert (found["routing_key"], found["content_type"], found["content_encoding"]) == (
        "shop.order",
        "text/json",
        "gzip",
    )
    assert (found["headers"], found["body"]) == ({"ce-token": "***"}, "{broken\ufffd")
    assert "event" not in found


def test_only_json_is_indented() -> None:
    assert pretty('{"a":1}') == '{\n  "a": 1\n}'
    assert pretty("<a/>") == "<a/>"
