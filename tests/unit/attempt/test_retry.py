from datetime import timedelta
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.attempt.retry import (
    JITTER,
    RETRY_AFTER_LIMIT_S,
    Dead,
    Done,
    Next,
    Wait,
    backoff_s,
    delay_before,
    what_follows,
)
from pipeline.outcome import Ending, Outcome
from pipeline.registry.model import Retry
from topology.delay import MAX_SECONDS

POLICY = Retry()
YOUNG = timedelta(seconds=1)
OLD = timedelta(hours=72)


def after(ending: Ending, attempt: int = 1, age: timedelta = YOUNG, *, counts: bool = True) -> Next:
    return what_follows(Outcome(ending, "why"), attempt=attempt, age=age, policy=POLICY, jitter=0, counts=counts)


@pytest.mark.parametrize(
    ("ending", "attempt", "age", "follows"),
    [
        (Ending.DELIVERED, 10, timedelta(days=9), Done()),
        (Ending.CANNOT_PASS, 1, YOUNG, Dead("why")),
        (Ending.FORBIDDEN, 1, YOUNG, Wait(1, attempt=1)),
        (Ending.GONE, 1, YOUNG, Wait(1, attempt=1)),
        (Ending.MAY_PASS, 1, YOUNG, Wait(1, attempt=2)),
        (Ending.MAY_PASS, 2, YOUNG, Wait(2, attempt=3)),
        (Ending.MAY_PASS, 9, YOUNG, Wait(256, attempt=10)),
        (Ending.MAY_PASS, 9, OLD - timedelta(microseconds=1), Wait(256, attempt=10)),
        (Ending.MAY_PASS, 10, YOUNG, Dead("why, after 10 attempts")),
        (Ending.MAY_PASS, 11, YOUNG, Dead("why, after 11 attempts")),
        (Ending.MAY_PASS, 1, OLD, Dead("why, older than max_age after 1 attempts")),
    ],
)
def test_what_follows_an_ending(ending: Ending, attempt: int, age: timedelta, follows: Next) -> None:
    assert after(ending, attempt, age) == follows


@pytest.mark.parametrize("ending", [Ending.FORBIDDEN, Ending.GONE])
def test_what_a_service_refuses_us_waits_unchanged_though_it_is_old_and_was_tried_often(ending: Ending) -> None:
    assert after(ending, 10, OLD) == Wait(512, attempt=10)


def test_an_attempt_that_does_not_count_is_never_the_last() -> None:
    assert after(Ending.MAY_PASS, 10, OLD, counts=False) == Wait(512, attempt=10)


@pytest.mark.parametrize(("ending", "follows"), [(Ending.DELIVERED, Done()), (Ending.CANNOT_PASS, Dead("why"))])
def test_what_is_settled_is_settled_whether_the_attempt_counts_or_not(ending: Ending, follows: Next) -> None:
    assert after(ending, 10, OLD, counts=False) == follows


policies = st.builds(
    lambda backoff, more: Retry(backoff=backoff, max_backoff=min(backoff + more, timedelta(days=12))),
    st.timedeltas(timedelta(milliseconds=1), timedelta(days=12)),
    st.timedeltas(timedelta(0), timedelta(hours=5)),
)
jitters = st.floats(0, 1, exclude_max=True)
asked = st.none() | st.floats(0)
attempts = st.integers(1, 1000)
endings = st.sampled_from([Ending.MAY_PASS, Ending.FORBIDDEN, Ending.GONE])


circumstances = st.fixed_dictionaries(
    {
        "attempt": attempts,
        "age": st.timedeltas(),
        "policy": policies,
        "jitter": jitters,
        "wait_s": st.none() | st.floats(0, 7200),
    }
)


@given(endings, asked, circumstances)
def test_what_does_not_count_waits_its_time_and_keeps_its_attempt(
    ending: Ending, asked_s: float | None, told: dict[str, Any]
) -> None:
    follows = what_follows(Outcome(ending, "why", retry_after_s=asked_s), **told, counts=False)
    pause_s = backoff_s(told["attempt"] + 1, told["policy"]) if told["wait_s"] is None else told["wait_s"]
    believed_s = min(asked_s or 0, RETRY_AFTER_LIMIT_S)
    assert isinstance(follows, Wait)
    assert follows.attempt == told["attempt"]
    assert max(1, pause_s, believed_s) <= follows.seconds
    assert follows.seconds <= max(1, ceil(pause_s * (1 + JITTER)), ceil(believed_s))


@given(attempts, policies, jitters)
def test_a_counted_attempt_waits_before_the_next(attempt: int, policy: Retry, jitter: float) -> None:
    outcome, generous = Outcome(Ending.MAY_PASS, "why"), policy.model_copy(update={"max_attempts": 1001})
    follows = what_follows(outcome, attempt=attempt, age=YOUNG, policy=generous, jitter=jitter)
    assert follows == Wait(delay_before(attempt + 1, policy, jitter), attempt + 1)


@given(st.integers(2, 1001), policies, jitters)
def test_a_delay_is_whole_seconds_that_the_ladder_has_and_bounded(attempt: int, policy: Retry, jitter: float) -> None:
    delay = delay_before(attempt, policy, jitter)
    assert 1 <= delay <= min(ceil(policy.max_backoff.total_seconds() * (1 + JITTER)), MAX_SECONDS)


@given(st.integers(2, 1001), policies, jitters)
def test_a_delay_is_never_shorter_than_the_backoff(attempt: int, policy: Retry, jitter: float) -> None:
    backoff = min(policy.backoff.total_seconds() * 2.0 ** (attempt - 2), policy.max_backoff.total_seconds())
    assert delay_before(attempt, policy, jitter) >= backoff


@given(st.integers(2, 1000), policies)
def test_the_backoff_doubles_until_it_is_the_longest(attempt: int, policy: Retry) -> None:
    now, then, longest = backoff_s(attempt, policy), backoff_s(attempt + 1, policy), policy.max_backoff.total_seconds()
    assert then == pytest.approx(min(2 * now, longest))
    assert backoff_s(2, policy) == policy.backoff.total_seconds()


@given(st.integers(2, 1000), policies, jitters)
def test_delays_grow(attempt: int, policy: Retry, jitter: float) -> None:
    assert delay_before(attempt, policy, jitter) <= delay_before(attempt + 1, policy, jitter)


def test_jitter_parts_what_failed_together() -> None:
    assert [delay_before(12, POLICY, jitter) for jitter in (0, 0.5, 0.999)] == [1024, 1152, 1280]


@given(st.integers(2, 1000), policies, jitters, asked)
def test_a_delay_is_at_least_what_the_service_asked_for_up_to_a_day(
    attempt: int, policy: Retry, jitter: float, asked_s: float | None
) -> None:
    unasked, believed_s = delay_before(attempt, policy, jitter), ceil(min(asked_s or 0, RETRY_AFTER_LIMIT_S))
    assert delay_before(attempt, policy, jitter, asked_s) == max(unasked, believed_s)
