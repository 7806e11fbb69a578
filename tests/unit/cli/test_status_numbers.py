"""The numbers of `mih status`: percentiles of counted latencies, and ages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.status.age import age
from pipeline.cli.status.percentile import percentile
from pipeline.cli.status.read import slugs_of


@pytest.mark.parametrize(
    ("counted", "share", "expected"),
    [
        ({}, 0.5, None),
        ({8: 0}, 0.5, None),
        ({8: 1}, 0.5, 8),
        ({8: 1}, 0.99, 8),
        ({8: 1, 16: 1}, 0.5, 8),
        ({8: 1, 16: 2}, 0.5, 16),
        ({1024: 1, 8: 99}, 0.99, 8),
        ({1024: 1, 8: 98}, 0.99, 1024),
        ({1024: 2, 8: 98}, 0.99, 1024),
        ({8: 1, 16: 0, 32: 1}, 1.0, 32),
    ],
)
def test_a_percentile_is_the_bound_under_which_that_share_lies(
    counted: dict[int, int], share: float, expected: int | None
) -> None:
    assert percentile(counted, share) == expected


@given(st.lists(st.integers(1, 50), min_size=1), st.sampled_from([0.5, 0.9, 0.99]))
def test_a_percentile_of_counted_latencies_is_that_of_the_latencies(latencies: list[int], share: float) -> None:
    counted = {latency: latencies.count(latency) for latency in latencies}
    bound = percentile(counted, share)
    assert bound in latencies
    assert sum(latency <= bound for latency in latencies) >= share * len(latencies)
    assert sum(latency < bound for latency in latencies) < share * len(latencies)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-3, "0s"),
        (0, "0s"),
        (0.9, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (86_399, "23h"),
        (86_400, "1d"),
        (864_000, "10d"),
    ],
)
def test_an_age_is_told_in_the_largest_unit_that_is_full(seconds: float, expected: str) -> None:
    assert age(seconds) == expected


def test_a_service_of_which_only_dead_letters_are_left_counts_too() -> None:
    assert slugs_of(["mih.service.erp", "mih.dlq.erp", "mih.dlq.old", "mih.dead"]) == {"erp", "old"}
