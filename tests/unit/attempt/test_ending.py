from datetime import UTC, datetime

import pytest

from pipeline.attempt.ending import ANSWER_KEPT, Answered, Unanswered, Unsendable, judge, retry_after_s
from pipeline.outcome import Ending

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("statuses", "ending"),
    [
        (range(200, 300), Ending.DELIVERED),
        ((408, 425, 429), Ending.MAY_PASS),
        (range(500, 600), Ending.MAY_PASS),
        (sorted({*range(300, 500)} - {408, 425, 429}), Ending.CANNOT_PASS),
        (range(100, 200), Ending.CANNOT_PASS),
    ],
)
def test_every_status_has_its_ending(statuses: range, ending: Ending) -> None:
    assert {judge(Answered(status), now=NOW, latency_ms=1).ending for status in statuses} == {ending}


def test_no_answer_may_pass() -> None:
    outcome = judge(Unanswered("connection refused"), now=NOW, latency_ms=7)
    assert (outcome.ending, outcome.reason, outcome.latency_ms) == (Ending.MAY_PASS, "connection refused", 7)


def test_what_was_not_sent_cannot_pass() -> None:
    assert judge(Unsendable("private address"), now=NOW, latency_ms=0).ending is Ending.CANNOT_PASS


def test_only_the_beginning_of_an_answer_is_kept() -> None:
    outcome = judge(Answered(200, "x" * 5000), now=NOW, latency_ms=1)
    assert outcome.answer == "x" * ANSWER_KEPT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        (" 120 ", 120),
        ("-5", None),
        ("soon", None),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("²", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds
