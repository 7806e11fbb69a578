import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.senders.shares import shares


@pytest.mark.parametrize(
    ("wanted", "bound", "given_"),
    [
        ({}, 10, {}),
        ({"erp": 16}, 100, {"erp": 16}),
        ({"erp": 16, "lms": 16}, 32, {"erp": 16, "lms": 16}),
        ({"erp": 100, "lms": 2}, 50, {"erp": 48, "lms": 2}),
        ({"erp": 100, "lms": 100, "sis": 1}, 21, {"erp": 10, "lms": 10, "sis": 1}),
        ({"erp": 5, "lms": 5, "sis": 5}, 2, {"erp": 1, "lms": 1, "sis": 1}),
    ],
)
def test_what_each_service_has_of_a_bound(wanted: dict[str, int], bound: int, given_: dict[str, int]) -> None:
    assert shares(wanted, bound) == given_


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 1000), max_size=20), st.integers(1, 5000))
def test_nobody_has_nothing_or_more_than_it_wants_and_all_together_keep_the_bound(
    wanted: dict[str, int], bound: int
) -> None:
    found = shares(wanted, bound)
    assert found.keys() == wanted.keys()
    assert all(1 <= found[slug] <= wanted[slug] for slug in wanted)
    assert sum(found.values()) <= max(bound, len(wanted))
    # Nothing of the bound is left over while somebody wants more, but what cannot be divided.
    if any(found[slug] < wanted[slug] for slug in wanted):
        assert sum(found.values()) >= min(bound, sum(wanted.values())) - len(wanted)
