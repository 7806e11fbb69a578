"""The short form of `make faults`: the scenarios that tell most in the least time."""

import os
from collections.abc import Iterator

import pytest
from laboratory import run
from scenarios import SCENARIOS, SHORT, Scenario
from world import Servers, running_servers

from pipeline.errors import Unavailable

_SHORT = [scenario for scenario in SCENARIOS if scenario.name in SHORT]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    try:
        with running_servers() as servers:
            yield servers
    except Unavailable as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))  # a laptop may be without


@pytest.mark.timeout(240)
@pytest.mark.parametrize("scenario", _SHORT, ids=lambda scenario: scenario.name)
async def test_nothing_is_lost_and_nothing_stalls(scenario: Scenario, servers: Servers) -> None:
    report = await run(scenario, servers, seed=1)
    assert not list(report.failures())
    assert report.verdict.delivered > scenario.events


def test_the_short_form_names_scenarios_that_are() -> None:
    assert len(_SHORT) == len(SHORT)
