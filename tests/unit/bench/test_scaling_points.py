"""The points of the bench's scaling part: a rule that does not match as it says would be a figure of something else."""

import sys
from pathlib import Path

import pytest

sys.path += [str(Path(__file__).parents[2] / room) for room in ("bench", "journey")]

from points import Point, all_series

from pipeline.attempt.transports import SCHEMAS
from pipeline.event import read_event
from pipeline.registry import read_texts

SERIES = {series.title: series for series in all_series()}
POINTS = [
    pytest.param(point, id=f"{series.title} {point.name}")
    for series in SERIES.values()
    for point in series.points
    # The largest is written as the one before it, and takes seconds to read.
    if len(point.rules) < 5_000
]


@pytest.mark.parametrize("point", POINTS)
def test_as_many_rules_match_each_event_as_the_point_says(point: Point) -> None:
    index = read_texts({"hub.yaml": point.registry("http://127.0.0.1:9")}, SCHEMAS).registry.index
    for number in range(len(point.slugs)):
        assert len(index.matching(read_event(point.write(number).body))) == point.requests


def test_each_point_has_as_many_rules_as_its_name_says() -> None:
    for point in SERIES["Rules"].points:
        assert len(point.slugs) + len(point.rules) == int(point.name.partition(", all")[0].replace(",", ""))


def test_an_event_weighs_what_its_point_says() -> None:
    for point in SERIES["Size of an event"].points:
        assert round(len(point.write(0).body) / 1024, 1) == pytest.approx(float(point.name.split()[0]), abs=0.2)
