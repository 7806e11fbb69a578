"""The bench's arithmetic: a wrong percentile would be published as a promise."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from figures import Latency, latency_of, middle, paired_ratio, percentile
from sheet import Sheet, markdown, shown


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, 1), (0.001, 1), (0.5, 500), (0.9, 900), (0.99, 990), (0.999, 999), (0.9991, 1000), (1.0, 1000)],
)
def test_a_percentile_is_the_smallest_value_that_covers_its_share(share: float, expected: int) -> None:
    assert percentile(range(1, 1001), share) == expected


def test_of_one_value_every_percentile_is_that_value() -> None:
    assert latency_of([0.25]) == Latency(0.25, 0.25, 0.25, 1)


def test_no_value_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no value"):
        percentile([], 0.5)


@given(st.lists(st.floats(0, 1000), min_size=1), st.floats(0, 1))
def test_no_more_than_the_rest_lies_above_a_percentile(values: list[float], share: float) -> None:
    found = percentile(sorted(values), share)
    assert sum(value > found for value in values) <= len(values) * (1 - share) + len(values) / 1_000_000


def test_waits_need_no_order() -> None:
    assert latency_of([3.0, 1.0, 2.0]).p50 == 2.0


def test_a_ratio_is_the_median_over_pairs_and_not_of_medians() -> None:
    # The machine was slow in the second round and fast in the third: each pair still says 0.8, medians say otherwise.
    assert paired_ratio([80, 8, 800], [100, 10, 1000]) == pytest.approx(0.8)
    assert paired_ratio([1, 4, 9], [1, 2, 3]) == 2


def test_rounds_without_a_partner_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_ratio([1.0, 2.0], [1.0])


def test_one_disturbed_round_disturbs_no_percentile() -> None:
    calm, disturbed = Latency(0.01, 0.02, 0.03, 100), Latency(1, 2, 3, 100)
    assert middle([calm, disturbed, calm]) == Latency(0.01, 0.02, 0.03, 300)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(None, "–"), (0.07912, "0.0791"), (2345.678, "2,346"), (99.95, "100"), (12000, "12,000"), ("MIH", "MIH")],
)
def test_a_cell_shows_three_figures(cell: float | str | None, expected: str) -> None:
    assert shown(cell) == expected


def test_a_page_has_a_column_for_each_key_and_a_line_for_each_row() -> None:
    sheet = Sheet("Title", [{"side": "MIH", "events/s": 1234.5}, {"side": "floor", "events/s": None}], "A note.")
    assert [line for line in markdown([sheet]) if line.startswith("|")] == [
        "| side | events/s |",
        "|---|---:|",
        "| MIH | 1,234 |",
        "| floor | – |",
    ]
