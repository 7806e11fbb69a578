from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.attempt.ending import (
    ANSWER_KEPT,
    Answered,
    Meaning,
    Unanswered,
    Unsendable,
    judge,
    meaning_of,
    retry_after_s,
)
from pipeline.attempt.http_service import HttpService
from pipeline.attempt.retry import RETRY_AFTER_LIMIT_S, delay_before
from pipeline.outcome import Ending, Outcome
from pipeline.registry.model import Retry

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EVERY_STATUS = range(100, 600)
PLAIN = {
    **dict.fromkeys(EVERY_STATUS, Ending.CANNOT_PASS),
    **dict.fromkeys(range(200, 300), Ending.DELIVERED),
    **dict.fromkeys((408, 425, 429, *range(500, 600)), Ending.MAY_PASS),
    401: Ending.FORBIDDEN,
}


def meaning(**keys: object) -> Meaning:
    return meaning_of(HttpService.model_validate({"transport": "any", **keys}))


def judged(answer: Answered, means: Meaning) -> Outcome:
    return judge(answer, means, now=NOW, latency_ms=1)


def endings(means: Meaning) -> dict[int, Ending]:
    return {status: judged(Answered(status), means).ending for status in EVERY_STATUS}


def test_every_status_has_its_ending() -> None:
    assert {status: judge(Answered(status), now=NOW, latency_ms=1).ending for status in EVERY_STATUS} == PLAIN


def test_a_service_that_says_nothing_means_what_http_says() -> None:
    assert meaning() == Meaning()


@pytest.mark.parametrize(
    ("key", "ending"),
    [
        ("retry_on", Ending.MAY_PASS),
        ("never_retry", Ending.CANNOT_PASS),
        ("forbidden_on", Ending.FORBIDDEN),
        ("gone_on", Ending.GONE),
    ],
)
@pytest.mark.parametrize("status", [202, 302, 404, 409, 410, 429, 500, 503])
def test_what_a_service_says_of_a_status_beats_what_http_says_and_changes_no_other(
    key: str, ending: Ending, status: int
) -> None:
    assert endings(meaning(**{key: [status]})) == PLAIN | {status: ending}


def test_all_that_a_service_says_holds_at_once() -> None:
    means = meaning(
        retry_on=[409], never_retry=[501, 429], forbidden_on=[403], gone_on=[410], success={"status": [200, 404]}
    )
    assert endings(means) == PLAIN | {
        **dict.fromkeys(range(201, 300), Ending.CANNOT_PASS),
        404: Ending.DELIVERED,
        409: Ending.MAY_PASS,
        501: Ending.CANNOT_PASS,
        429: Ending.CANNOT_PASS,
        403: Ending.FORBIDDEN,
        410: Ending.GONE,
    }


@pytest.mark.parametrize(("otherwise", "ending"), [("dead", Ending.CANNOT_PASS), ("retry", Ending.MAY_PASS)])
def test_a_success_test_asks_nothing_of_what_is_none_anyway(otherwise: str, ending: Ending) -> None:
    means = meaning(success={"text": "OK", "otherwise": otherwise})
    assert endings(means) == PLAIN | dict.fromkeys(range(200, 300), ending)


def test_no_answer_may_pass() -> None:
    outcome = judge(Unanswered("connection refused"), now=NOW, latency_ms=7)
    assert (outcome.ending, outcome.reason, outcome.latency_ms) == (Ending.MAY_PASS, "connection refused", 7)


@pytest.mark.parametrize("timed_out", [True, False])
def test_an_outcome_tells_a_timeout_from_another_failure(*, timed_out: bool) -> None:
    assert judge(Unanswered("no answer", timed_out), now=NOW, latency_ms=7).timed_out is timed_out


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
        ("  ", None),
        ("0", 0),
        (" 120 ", 120),
        ("00000000000000000000060", 60),
        ("9" * 400, float("inf")),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("1e3", None),
        ("soon", None),
        ("²", None),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30),
        ("Friday, 20-Nov-26 12:00:30 GMT", 30),
        ("Fri, 20 Nov 2026 13:00:30 +0100", 30),
        ("Fri, 20 Nov 2026 12:00:30", 30),
        ("Fri, 20 Nov 2026 12:00:00 GMT", 0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 20 Nov 2026 25:00:00 GMT", None),
        ("Fri, 31 Feb 2026 12:00:00 GMT", None),
        ("Fri, 20 Nov 99999 12:00:00 GMT", None),
        ("Fri, 20 Nov 2026 12:00:00 +99999999999999999999", None),
        ("2026-11-20T12:00:30Z", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


@given(st.timedeltas(timedelta(days=-3650), timedelta(days=3650)))
def test_a_date_of_retry_after_is_as_far_away_as_it_is_ahead(ahead: timedelta) -> None:
    header = format_datetime(NOW + timedelta(seconds=int(ahead.total_seconds())), usegmt=True)
    assert retry_after_s(header, NOW) == max(0, int(ahead.total_seconds()))


header_like = st.text("0123456789 :,+-.FriNovGMTé²\x00", max_size=40)


@given(st.text(max_size=40) | header_like)
@example("Fri, 20 Nov 2026 12:00:00 +" + "9" * 30)
@example("0\x1f")
def test_whatever_retry_after_holds_becomes_a_delay_that_is_bounded(header: str) -> None:
    asked_s = retry_after_s(header, NOW)
    assert asked_s is None or asked_s >= 0
    assert 1 <= delay_before(2, Retry(), 0, asked_s) <= RETRY_AFTER_LIMIT_S
