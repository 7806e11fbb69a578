from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.attempt.story import KEPT, attempts_of, with_attempt
from pipeline.outcome import Ending, Outcome

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_an_attempt_tells_when_how_and_what_was_answered() -> None:
    outcome = Outcome(Ending.MAY_PASS, "HTTP 503", 503, 12, answer="x" * 1000)
    assert attempts_of(with_attempt("", outcome, attempt=1, at=NOW)) == [
        {
            "attempt": 1,
            "at": "2026-11-21T12:00:00+00:00",
            "ending": "may-pass",
            "reason": "HTTP 503",
            "status": 503,
            "latency_ms": 12,
            "answer": "x" * 200,
        }
    ]


def test_of_a_long_story_the_first_attempt_and_the_newest_are_kept() -> None:
    story = ""
    for number in range(1, 101):
        story = with_attempt(
            story, Outcome(Ending.MAY_PASS, "HTTP 503"), attempt=number, at=NOW + timedelta(seconds=number)
        )
    assert [one["attempt"] for one in attempts_of(story)] == [1, *range(102 - KEPT, 101)]


@given(st.text(), st.text())
def test_a_story_fits_a_header_whatever_was_answered(reason: str, answer: str) -> None:
    story = ""
    for number in range(KEPT + 1):
        outcome = Outcome(Ending.MAY_PASS, reason * 50, answer=answer * 50)
        story = with_attempt(story, outcome, attempt=number, at=NOW)
    assert len(story.encode()) < 32_768
    assert len(attempts_of(story)) == KEPT


def test_what_is_no_story_is_none() -> None:
    assert attempts_of("{") == attempts_of("3") == attempts_of('[1, "a"]') == []
