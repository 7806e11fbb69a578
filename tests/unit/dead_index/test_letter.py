"""Whatever dies becomes a letter: a delivery, something unreadable, something nobody was bound for."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from dead_messages import NOON, NOW, dead, delivery, message
from hypothesis import given
from hypothesis import strategies as st

from pipeline.broker import moved, rejected
from pipeline.dead_index import MAX_BODY, letter_id, marks, read_letter
from pipeline.delivery import CONTENT_TYPE
from topology import names

LIMIT = [{"reason": "delivery_limit", "queue": "mih.service.erp", "routing-keys": ["erp"], "time": NOON}]


def test_a_delivery_that_died_is_known_by_its_id_at_its_service() -> None:
    letter = read_letter(dead(delivery()), NOW)
    assert (letter.place, letter.letter_id, letter.service, letter.rule, letter.revision) == (
        "erp",
        "d1",
        "erp",
        "rule",
        7,
    )
    assert (letter.event_id, letter.event_type) == ("e1", "\\core\\event\\user_created")
    assert (letter.reason, letter.status, letter.attempts) == ("HTTP 422", 422, 3)
    assert (letter.died_at, letter.indexed_at) == (NOON, NOW)
    assert (letter.routing_key, letter.content_type, letter.body) == ("erp", CONTENT_TYPE, delivery().to_bytes())
    assert letter.headers == dead(delivery()).headers


def test_a_delivery_that_rabbitmq_dead_lettered_died_when_and_why_it_says() -> None:
    one = delivery()
    letter = read_letter(message(one.to_bytes(), {**one.headers(), "x-death": LIMIT}, "mih.dlx", "erp"), NOW)
    assert (letter.place, letter.letter_id, letter.died_at) == ("erp", "d1", NOON)
    assert letter.reason == "returned to its queue too often (delivery limit)"
    assert (letter.status, letter.attempts) == (None, 0)
    assert "x-death" not in letter.headers


def test_what_could_not_be_read_is_invalid_and_its_body_is_not_read_again() -> None:
    came = message(b"{broken", {"ce-id": "1"}, "mih.events", "shop.order", content_type="text/json", app_id="shop")
    out = rejected(came, names.INVALID_KEY, "not JSON: unexpected end")
    again = message(
        out.body, dict(out.headers), out.exchange, out.routing_key, content_type=out.content_type, app_id=out.app_id
    )
    letter = read_letter(again, NOW)
    assert (letter.place, letter.reason) == ("invalid", "not JSON: unexpected end")
    assert letter.letter_id == out.headers[names.HEADER_LETTER]
    assert (letter.routing_key, letter.content_type, letter.app_id) == ("shop.order", "text/json", "shop")
    assert letter.headers["ce-id"] == "1"
    assert letter.body == b"{broken"
    assert (letter.service, letter.event_type, letter.revision) == ("", "", None)


def test_what_ingests_queue_let_go_keeps_the_key_it_came_with() -> None:
    death = [{"reason": "delivery_limit", "queue": "mih.ingest", "routing-keys": ["shop.order"], "time": NOON}]
    letter = read_letter(message(b"{}", {"x-death": death}, "mih.dlx", "invalid"), NOW)
    assert (letter.place, letter.routing_key, letter.died_at) == ("invalid", "shop.order", NOON)


@pytest.mark.parametrize(
    ("exchange", "key"),
    [("mih.services", "erp"), ("mih.delay.due", "0.1.erp"), ("mih.delay.03", f"{'0.' * 16}1.0.0.0.erp")],
)
def test_a_delivery_that_found_no_queue_is_unroutable_and_says_for_which_service(exchange: str, key: str) -> None:
    one = delivery()
    letter = read_letter(message(one.to_bytes(), one.headers(), exchange, key, content_type=CONTENT_TYPE), NOW)
    assert (letter.place, letter.letter_id, letter.service) == ("unroutable", "d1", "erp")
    assert letter.reason == "no queue is bound for service 'erp'"
    assert (letter.event_id, letter.attempts, letter.died_at) == ("e1", 0, NOW)


def test_deliveries_that_found_no_queue_of_one_service_are_of_one_cause() -> None:
    keys = {"0.1.erp": 1, "1.0.erp": 2}
    letters = [
        read_letter(message(one.to_bytes(), one.headers(), "mih.delay.due", key, content_type=CONTENT_TYPE), NOW)
        for key, one in ((key, delivery(number)) for key, number in keys.items())
    ]
    assert len({letter.fingerprint for letter in letters}) == 1


def test_a_letter_whose_own_queue_is_missing_tells_at_its_new_place_why_it_died() -> None:
    letter = read_letter(dead(delivery(), exchange="mih.unroutable"), NOW)
    assert (letter.place, letter.reason, letter.attempts, letter.died_at) == ("unroutable", "HTTP 422", 3, NOON)


def test_an_event_that_found_no_queue_is_unroutable_by_its_content() -> None:
    one, same, other = (message(body, {}, "mih.events", "k") for body in (b"{}", b"{}", b"[]"))
    letters = [read_letter(came, NOW) for came in (one, same, other)]
    assert letters[0].letter_id == letters[1].letter_id != letters[2].letter_id
    assert letters[0].reason == "no queue is bound to mih.events for key 'k'"


@pytest.mark.parametrize(
    "came",
    [
        message(b"{}", {}, "mih.events", "shop.order"),
        message(b"{}", {"x-death": LIMIT}, "mih.dlx", "invalid"),
        message(delivery().to_bytes(), {**delivery().headers(), "x-death": LIMIT}, "mih.dlx", "erp"),
        dead(delivery()),
    ],
    ids=["unroutable", "invalid", "a delivery without our word", "a delivery"],
)
def test_a_marked_copy_in_its_queue_is_the_same_letter(came: Any) -> None:
    letter = read_letter(came, NOW)
    out = moved(came, "", names.dead_letters_at(letter.place)).with_headers(marks(letter))
    copy = message(out.body, dict(out.headers), "", out.routing_key, content_type=out.content_type)
    again = read_letter(copy, datetime(2027, 1, 1, tzinfo=UTC), letter.place)
    same = ("place", "letter_id", "reason", "fingerprint", "died_at", "routing_key")
    assert {name: getattr(again, name) for name in same} == {name: getattr(letter, name) for name in same}


def test_a_suspects_place_is_what_its_headers_tell() -> None:
    """Its exchange and key are those of the suspect queue."""
    queue = names.suspect_queue("recorder")
    one = delivery()
    suspects = {
        "erp": dead(one),
        "invalid": message(b"?", {names.HEADER_REASON: "not JSON"}, "mih.dlx", "invalid"),
        "unroutable": message(b"?", {}, "mih.events", "k"),
    }
    for place, came in suspects.items():
        assert read_letter(replace(came, exchange="", routing_key=queue), NOW).place == place


@pytest.mark.parametrize("key", ["k" * 1_000, "\x00" * 255])
def test_a_key_that_a_header_tells_fits_where_amqp_has_a_routing_key(key: str) -> None:
    """A letter without a queue is published with it, and would have been a bug's suspect for ever."""
    letter = read_letter(message(b"{}", {names.HEADER_ROUTING_KEY: key}, "mih.dlx", "invalid"), NOW)
    assert 0 < len(letter.routing_key.encode()) <= 255


def test_no_secret_of_a_publishers_own_headers_comes_into_the_index() -> None:
    """They come with what RabbitMQ dead-letters itself, and with what nobody was bound for."""
    headers = {"Authorization": "Bearer hunter2", "X-Api-Key": "hunter2", "ce-id": "1"}
    letter = read_letter(message(b"{}", {**headers, "x-death": LIMIT}, "mih.dlx", "invalid"), NOW)
    assert "hunter2" not in repr(letter)
    assert letter.headers["ce-id"] == "1"


@pytest.mark.parametrize(
    "headers",
    [{}, {names.HEADER_DELIVERY_ID: "\x00" * 4}, {names.HEADER_DELIVERY_ID: "x" * 300}, {names.HEADER_LETTER: ["a"]}],
)
def test_an_odd_id_is_not_taken_for_one(headers: dict[str, Any]) -> None:
    assert letter_id(message(b"body", headers, "", "key")) == letter_id(message(b"body", {}, "", "key"))


def test_events_that_differ_only_in_what_a_format_or_the_publisher_says_of_them_are_not_one_letter() -> None:
    """Of two letters that were taken for one, a walk would drop the second as a repeat."""
    said: list[dict[str, Any]] = [{}, {"ce-id": "1"}, {"ce-id": "2"}, {"ce-id": "1", names.HEADER_SOURCE: "a"}]
    came = [message(b"{}", headers, "mih.events", "k") for headers in said]
    came += [message(b"{}", {}, "mih.events", "k", app_id=app) for app in ("a", "b")]
    assert len({letter_id(one) for one in came}) == len(came)


def test_a_body_without_end_is_left_where_it_rests() -> None:
    assert read_letter(message(b"x" * (MAX_BODY + 1), {}, "mih.events", "k"), NOW).body is None


ANY = st.one_of(st.text(), st.integers(), st.none(), st.booleans(), st.binary(), st.datetimes(), st.lists(st.text()))
HEADERS = st.sampled_from(
    sorted({value for name, value in vars(names).items() if name.startswith("HEADER_")} | {"x-death", "ce-id", "\x00"})
)


@given(
    st.one_of(st.binary(), st.just(delivery().to_bytes())),
    st.dictionaries(HEADERS, ANY),
    st.sampled_from(["mih.dlx", "mih.events", "mih.unroutable", ""]),
    st.one_of(st.sampled_from(["erp", "invalid"]), st.text()),
)
def test_whatever_comes_is_a_letter_that_any_database_can_keep(
    body: bytes, headers: dict[str, Any], exchange: str, key: str
) -> None:
    letter = read_letter(message(body, headers, exchange, key, content_type=CONTENT_TYPE), NOW)
    texts = [value for name in letter.__match_args__ if isinstance(value := getattr(letter, name), str)]
    assert not [text for text in texts if "\x00" in text or len(text) > 2_000]
    assert "".join(texts).encode()
    assert letter.died_at.tzinfo is not None
    assert json.dumps(letter.headers).isascii()
    for number in (letter.revision, letter.status, letter.attempts):
        assert number is None or 0 <= number < 2**31
