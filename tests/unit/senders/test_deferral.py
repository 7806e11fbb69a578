import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.senders.deferral import to_make_room, while_open

JITTER = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("times", "jitter", "seconds"),
    [(0, 0, 1), (0, 0.99, 4), (1, 0.99, 8), (6, 0.99, 254), (7, 0.99, 297), (99, 0.99, 297)],
)
def test_a_retry_that_makes_room_rests_within_twice_as_long_each_time(times: int, jitter: float, seconds: int) -> None:
    assert to_make_room(times, jitter) == seconds


@given(st.integers(0, 10_000), JITTER)
def test_making_room_takes_from_a_second_to_five_minutes(times: int, jitter: float) -> None:
    assert 1 <= to_make_room(times, jitter) <= 300


@given(st.floats(0, 3600), JITTER)
def test_what_meets_an_open_breaker_does_not_come_back_before_its_probe(wait_s: float, jitter: float) -> None:
    assert max(1, wait_s) <= while_open(wait_s, jitter) <= wait_s + 16
