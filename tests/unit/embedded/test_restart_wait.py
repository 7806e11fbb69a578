import pytest

from pipeline.embedded.backoff import next_wait_s


@pytest.mark.parametrize(
    ("previous_s", "lived_s", "wait_s"),
    [
        (0, 0.1, 0.5),
        (0.5, 0.1, 1),
        (1, 9.9, 2),
        (8, 0, 10),
        (10, 0, 10),
        (10, 10, 0.5),
        (0, 3600, 0.5),
    ],
    ids=["first death", "second", "not long enough", "the longest", "no longer", "was well", "was well at once"],
)
def test_a_child_is_awaited_longer_each_time_it_dies_early(previous_s: float, lived_s: float, wait_s: float) -> None:
    assert next_wait_s(previous_s, lived_s) == wait_s
