"""What is over the limits of dead letters: when a queue is passed over, and what must go then."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dlq.excess import Excess, Known, excess
from pipeline.registry.protection import DeadLetters

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def known(deaths: list[datetime], most: int | None) -> Known:
    newest = sorted(deaths, reverse=True)
    is_over = most is not None and most < len(newest)
    return Known(len(deaths), newest[-1], newest[(most or 1) - 1] if is_over else None)


def row(letters: int, most: int | None) -> Known:
    """Letters of which one died each second."""
    return known([NOW - number * SECOND for number in range(letters)], most)


@pytest.mark.parametrize(
    ("most", "letters", "goes"),
    [
        (1, 1, 0),
        (1, 2, 1),
        (10, 10, 0),
        (10, 11, 1),
        (100, 104, 0),
        (100, 105, 5),
        (1_000, 1_000, 0),
        (1_000, 1_049, 0),
        (1_000, 1_050, 50),
        (1_000, 3_000, 2_000),
    ],
)
def test_by_number_nothing_goes_before_a_twentieth_is_over_and_then_all_that_is(
    most: int, letters: int, goes: int
) -> None:
    over = excess(DeadLetters(max_letters=most), row(letters, most), NOW)
    assert sum(over is not None and NOW - number * SECOND < over.before for number in range(letters)) == goes


@pytest.mark.parametrize(
    ("longest", "slack"),
    [
        (SECOND, MINUTE),
        (20 * MINUTE, MINUTE),
        (40 * MINUTE, 2 * MINUTE),
        (20 * HOUR, HOUR),
        (30 * DAY, HOUR),
    ],
)
def test_by_age_nothing_goes_before_a_twentieth_is_over_of_a_minute_at_least_and_an_hour_at_most(
    longest: timedelta, slack: timedelta
) -> None:
    limits = DeadLetters(max_age=longest)
    assert excess(limits, Known(1, NOW - longest - slack), NOW) is None
    over = excess(limits, Known(1, NOW - longest - slack - timedelta(microseconds=1)), NOW)
    assert over == Excess(limits, NOW - longest, NOW - longest)


@pytest.mark.parametrize("limits", [DeadLetters(), DeadLetters(max_age=DAY), DeadLetters(max_letters=5)])
def test_what_is_within_its_limits_stays(limits: DeadLetters) -> None:
    assert excess(limits, row(5, limits.max_letters), NOW) is None


@pytest.mark.parametrize("longest", [timedelta.max, timedelta(days=800_000)])
def test_an_age_for_which_there_is_no_date_is_no_limit(longest: timedelta) -> None:
    assert excess(DeadLetters(max_age=longest), Known(1, NOW - 900 * DAY), NOW) is None
    over = excess(DeadLetters(max_age=longest, max_letters=1), row(3, 1), NOW)
    assert over
    assert (over.before, over.too_old) == (NOW, None)


def test_letters_of_one_moment_stay_together() -> None:
    limits = DeadLetters(max_letters=10)
    assert excess(limits, known([NOW] * 50, 10), NOW) is None
    over = excess(limits, known([NOW] * 50 + [NOW - SECOND], 10), NOW)
    assert over
    assert over.before == NOW


def test_each_letter_that_goes_is_told_the_limit_that_it_is_over() -> None:
    limits = DeadLetters(max_age=HOUR, max_letters=1_000)
    deaths = [NOW - 3 * HOUR, *(NOW - number * SECOND for number in range(1_500))]
    over = excess(limits, known(deaths, 1_000), NOW)
    assert over
    assert over.before == NOW - 999 * SECOND
    assert over.why(NOW - 3 * HOUR) == "older than 1h"
    assert over.why(NOW - HOUR) == over.why(NOW - 1_000 * SECOND) == "more than 1,000"


AGES = st.lists(st.integers(0, 4_000), min_size=1, max_size=300)


@given(AGES, st.none() | st.integers(1, 4_000), st.none() | st.integers(1, 200))
def test_only_what_is_over_a_limit_goes_and_then_nothing_more(
    ages_s: list[int], longest_s: int | None, most: int | None
) -> None:
    limits = DeadLetters(max_age=None if longest_s is None else longest_s * SECOND, max_letters=most)
    deaths = sorted((NOW - age_s * SECOND for age_s in ages_s), reverse=True)
    over = excess(limits, known(deaths, most), NOW)
    if over is None:
        return
    stay = [died_at for died_at in deaths if died_at >= over.before]
    gone = deaths[len(stay) :]
    assert gone, "no queue is passed over for nothing"
    for place, died_at in enumerate(gone, len(stay) + 1):
        is_too_old = longest_s is not None and NOW - died_at > longest_s * SECOND
        assert over.is_too_old(died_at) == is_too_old
        assert is_too_old or (most is not None and place > most)
    assert longest_s is None or all(NOW - died_at <= longest_s * SECOND for died_at in stay)
    assert most is None or len(set(stay)) <= most
    assert not stay or excess(limits, known(stay, most), NOW) is None
