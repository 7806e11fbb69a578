from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("5s", 5), ("10m", 600), ("1h", 3600), ("7d", 604_800), ("1.5s", 1.5)]
)
def test_durations_are_read_with_their_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "-5s", "5 s", "5S", "1h30m", "٥s", "five"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration such as"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["99999999999999d", "1000000000d", "9" * 400 + "s"])
def test_a_duration_that_no_clock_can_count_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        parse_duration(text)


@given(st.integers(0, 10**9))
def test_what_is_written_reads_back(ms: int) -> None:
    duration = timedelta(milliseconds=ms)
    assert parse_duration(format_duration(duration)) == duration
