from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.delivery import Delivery, Request, delivery_id, read_delivery
from pipeline.errors import Unreadable
from pipeline.event import Event

SEEN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EVENT = Event("e1", "moodle", r"\core\event\user_created", {"userid": 2})
REQUEST = Request({"method": "POST", "path": "/a", "headers": {"X": "y"}}, '{"a": "ü"}')
DELIVERY = Delivery(delivery_id(EVENT, "rule"), "erp", "rule", 7, REQUEST, EVENT, SEEN, attempt=3)


def test_a_delivery_reads_back_as_it_was() -> None:
    assert read_delivery(DELIVERY.to_bytes(), DELIVERY.headers()) == DELIVERY


def test_the_body_is_the_same_for_every_attempt() -> None:
    again = Delivery(DELIVERY.id, "erp", "rule", 7, REQUEST, EVENT, SEEN, attempt=4)
    assert again.to_bytes() == DELIVERY.to_bytes()


def test_without_headers_a_delivery_is_a_first_attempt() -> None:
    delivery = read_delivery(DELIVERY.to_bytes(), {})
    assert (delivery.attempt, delivery.first_seen) == (1, SEEN)


def test_the_age_counts_from_the_header_where_there_is_one() -> None:
    later = datetime(2026, 11, 21, tzinfo=UTC)
    assert read_delivery(DELIVERY.to_bytes(), {"mih-first-seen": later.isoformat()}).first_seen == later


def test_when_its_event_was_published_travels_with_it() -> None:
    delivery = replace(DELIVERY, published=SEEN)
    assert read_delivery(delivery.to_bytes(), delivery.headers()).published == SEEN


@pytest.mark.parametrize("odd", ["", "yesterday", 5, None])
def test_a_delivery_does_not_fail_for_want_of_a_figure(odd: object) -> None:
    assert read_delivery(DELIVERY.to_bytes(), {"mih-published": odd}).published is None


def test_the_id_is_the_same_for_ever() -> None:
    assert delivery_id(EVENT, "rule") == "5a6935ea-1523-5d81-b79c-5a9a695445cb"


@pytest.mark.parametrize(
    "other",
    [Event("e2", "moodle", "t"), Event("e1", "other", "t")],
)
def test_another_event_or_source_is_another_delivery(other: Event) -> None:
    assert delivery_id(other, "rule") != delivery_id(EVENT, "rule")


def test_another_rule_is_another_delivery() -> None:
    assert delivery_id(EVENT, "other") != delivery_id(EVENT, "rule")


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"{}", b'{"v": 2}', DELIVERY.to_bytes()[:-1]])
def test_what_is_no_delivery_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_delivery(body, {})


@pytest.mark.parametrize("headers", [{"mih-attempt": "many"}, {"mih-first-seen": "yesterday"}, {"mih-first-seen": 5}])
def test_a_header_that_cannot_be_meant_is_refused(headers: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        read_delivery(DELIVERY.to_bytes(), headers)


def test_a_delivery_that_could_not_be_rendered_has_no_request() -> None:
    dead = Delivery("d", "erp", "rule", 7, None, EVENT, SEEN)
    assert read_delivery(dead.to_bytes(), dead.headers()).request is None
