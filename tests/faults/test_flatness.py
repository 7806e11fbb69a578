"""The soak's rule sees what grows, and nothing else."""

import pytest
from flatness import LEAST, Course, Reading, courses, growth


def readings(megabytes: list[float], descriptors: list[int] | None = None) -> list[Reading]:
    many = descriptors or [20] * len(megabytes)
    return [Reading(float(at), *both) for at, both in enumerate(zip(megabytes, many, strict=True))]


def test_a_process_that_holds_what_it_held_is_flat() -> None:
    assert not list(growth(readings([60.0] * 30)))


def test_what_is_opened_in_the_first_sixth_is_no_growth() -> None:
    assert not list(growth(readings([20.0] * 5 + [90.0] * 25, [5] * 5 + [60] * 25)))


def test_a_steady_leak_of_memory_is_growth() -> None:
    assert list(growth(readings([60.0 + minute * 2 for minute in range(30)]))) == ["grew from 74 to 109 MB"]


def test_a_steady_leak_of_descriptors_is_growth() -> None:
    leaking = [20 + minute for minute in range(30)]
    assert list(growth(readings([60.0] * 30, leaking))) == ["grew from 27 to 44 descriptors"]


def test_a_peak_that_goes_away_is_no_growth() -> None:
    values = [60.0] * 15 + [300.0] * 4 + [60.0] * 11
    assert not list(growth(readings(values)))
    assert courses(readings(values))[0] == Course(before=60, after=60, most=300)


@pytest.mark.parametrize(("after", "is_flat"), [(80.0, True), (80.1, False)])
def test_a_fifth_and_eight_more_are_the_limit(after: float, is_flat: bool) -> None:  # noqa: FBT001 - a table's column
    assert Course(before=60, after=after, most=100).is_flat is is_flat


def test_of_who_lived_too_shortly_nothing_is_said() -> None:
    leaking = [60.0 * (2**at) for at in range(LEAST)]
    assert not list(growth(readings(leaking[1:])))
    assert list(growth(readings(leaking)))


def test_one_reading_has_a_course_too() -> None:
    assert courses(readings([60.0]))[0] == Course(before=60, after=60, most=60)
