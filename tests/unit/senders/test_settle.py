from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import orjson
import pytest

from pipeline.attempt.retry import Dead, Done, Next, Wait
from pipeline.attempt.story import attempts_of
from pipeline.delivery import Delivery, Request
from pipeline.event import Event
from pipeline.outcome import Ending, Outcome
from pipeline.senders.settle import messages_after, on_the_ladder, stopped

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DELIVERY = Delivery(str(uuid4()), "erp", "r", 3, Request(), Event("e", "s", "t"), NOW, attempt=2)
OUTCOME = Outcome(Ending.MAY_PASS, "HTTP 503", 503, 12)
BODY = b"as it came"


@pytest.mark.parametrize(
    ("follows", "places"),
    [
        (Done(), [("mih.outcomes", "may-pass.erp")]),
        (
            Wait(5, 3),
            [
                ("mih.delay.02", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.1.erp"),
                ("mih.outcomes", "may-pass.erp"),
            ],
        ),
        (Dead("HTTP 503, after 2 attempts"), [("mih.dlx", "erp"), ("mih.outcomes", "may-pass.erp")]),
    ],
)
def test_where_a_delivery_goes_after_an_attempt(follows: Next, places: list[tuple[str, str]]) -> None:
    messages = messages_after(DELIVERY, BODY, OUTCOME, follows, NOW)
    assert [(message.exchange, message.routing_key) for message in messages] == places
    assert all(message.body == BODY for message in messages[:-1])


def test_an_outcome_is_told_to_whoever_listens_and_to_nobody_else() -> None:
    [told] = messages_after(DELIVERY, BODY, OUTCOME, Done(), NOW)
    assert not told.mandatory
    assert orjson.loads(told.body)["delivery"] == DELIVERY.id


def test_a_retry_counts_its_attempt_in_our_header() -> None:
    retry, _ = messages_after(DELIVERY, BODY, OUTCOME, Wait(5, 3), NOW)
    assert retry.headers["mih-attempt"] == 3
    assert retry.mandatory


def test_a_dead_delivery_tells_why_when_and_after_which_attempt() -> None:
    dead, _ = messages_after(DELIVERY, BODY, OUTCOME, Dead("HTTP 503, after 2 attempts"), NOW)
    assert dead.headers["mih-reason"] == "HTTP 503, after 2 attempts"
    assert dead.headers["mih-attempt"] == 2
    assert dead.headers["mih-died-at"] == NOW.isoformat()


def test_an_attempt_that_does_not_count_leaves_its_number() -> None:
    retry, _ = messages_after(DELIVERY, BODY, OUTCOME, Wait(5, 2), NOW)
    assert retry.headers["mih-attempt"] == 2


@pytest.mark.parametrize("follows", [Wait(5, 3), Dead("HTTP 503, after 2 attempts")])
def test_the_story_travels_on(follows: Next) -> None:
    onward, _ = messages_after(DELIVERY, BODY, OUTCOME, follows, NOW)
    [attempt] = attempts_of(str(onward.headers["mih-story"]))
    assert (attempt["attempt"], attempt["reason"]) == (2, "HTTP 503")


def test_what_makes_room_keeps_its_attempt_and_its_story() -> None:
    waiting = replace(DELIVERY, deferred=3, story="[]")
    message = on_the_ladder(waiting, BODY, 5)
    assert message.exchange == "mih.delay.02"
    assert (message.headers["mih-attempt"], message.headers["mih-deferred"], message.headers["mih-story"]) == (
        2,
        3,
        "[]",
    )
    assert message.body == BODY


def test_how_often_it_made_room_is_forgotten_after_an_attempt() -> None:
    retry, _ = messages_after(replace(DELIVERY, deferred=3), BODY, OUTCOME, Wait(5, 3), NOW)
    assert "mih-deferred" not in retry.headers


def test_a_delivery_of_a_stopped_rule_dies_with_that_reason_and_without_an_attempt() -> None:
    dead = stopped(DELIVERY, BODY, "rule r is stopped by ada: wrong course", NOW)
    assert (dead.exchange, dead.routing_key) == ("mih.dlx", "erp")
    assert dead.headers["mih-reason"] == "rule r is stopped by ada: wrong course"
    assert dead.headers["mih-attempt"] == 2
