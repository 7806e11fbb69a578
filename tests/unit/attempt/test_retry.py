from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.attempt.retry import JITTER, RETRY_AFTER_LIMIT_S, Dead, Done, Next, Wait, delay_before, what_follows
from pipeline.outcome import Ending, Outcome
from pipeline.registry.model import Retry

POLICY = Retry()
YOUNG = timedelta(seconds=1)


def after(ending: Ending, attempt: int = 1, age: timedelta = YOUNG) -> Next:
    return what_follows(Outcome(ending, "why"), attempt=attempt, age=age, policy=POLICY, jitter=0)


@pytest.mark.parametrize(
    ("ending", "attempt", "age", "follows"),
    [
        (Ending.DELIVERED, 10, timedelta(days=9), Done()),
        (Ending.CANNOT_PASS, 1, YOUNG, Dead("why")),
        (Ending.FORBIDDEN, 1, YOUNG, Dead("why")),
        (Ending.GONE, 1, YOUNG, Dead("why")),
        (Ending.MAY_PASS, 1, YOUNG, Wait(1)),
        (Ending.MAY_PASS, 2, YOUNG, Wait(2)),
        (Ending.MAY_PASS, 9, YOUNG, Wait(256)),
        (Ending.MAY_PASS, 10, YOUNG, Dead("why, after 10 attempts")),
        (Ending.MAY_PASS, 1, timedelta(hours=72), Dead("why, older than max_age after 1 attempts")),
    ],
)
def test_what_follows_an_ending(ending: Ending, attempt: int, age: timedelta, follows: Next) -> None:
    assert after(ending, attempt, age) == follows


policies = st.builds(
    lambda backoff, more: Retry(backoff=backoff, max_backoff=backoff + more),
    st.timedeltas(timedelta(milliseconds=1), timedelta(hours=1)),
    st.timedeltas(timedelta(0), timedelta(hours=5)),
)
jitters = st.floats(0, 1, exclude_max=True)


@given(st.integers(2, 1000), policies, jitters)
def test_a_delay_is_whole_seconds_and_bounded(attempt: int, policy: Retry, jitter: float) -> None:
    delay = delay_before(attempt, policy, jitter)
    assert 1 <= delay <= policy.max_backoff.total_seconds() * (1 + JITTER) + 1


@given(st.integers(2, 1000), policies, jitters)
def test_a_delay_is_never_shorter_than_the_backoff(attempt: int, policy: Retry, jitter: float) -> None:
    backoff = min(policy.backoff * 2.0 ** min(attempt - 2, 30), policy.max_backoff)
    assert delay_before(attempt, policy, jitter) >= backoff.total_seconds()


@given(st.integers(2, 999), policies, jitters)
def test_delays_grow(attempt: int, policy: Retry, jitter: float) -> None:
    assert delay_before(attempt, policy, jitter) <= delay_before(attempt + 1, policy, jitter)


@given(st.floats(0, 10 * RETRY_AFTER_LIMIT_S), jitters)
def test_a_delay_is_at_least_what_the_service_asked_for_up_to_a_day(asked_s: float, jitter: float) -> None:
    assert delay_before(2, POLICY, jitter, asked_s) >= min(asked_s, RETRY_AFTER_LIMIT_S)
    assert delay_before(2, POLICY, jitter, asked_s) <= max(RETRY_AFTER_LIMIT_S, asked_s)
