from datetime import UTC, datetime
from importlib.resources import as_file, files

import pytest

from pipeline.attempt.transports import SCHEMAS
from pipeline.cli.demo.events import captured
from pipeline.cli.demo.services import TRANSPORTS
from pipeline.delivery import Delivery
from pipeline.event import Event
from pipeline.registry import Reading, read_paths
from pipeline.rules import Refused, plan

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def reading() -> Reading:
    with as_file(files("pipeline.cli.demo") / "registry.yaml") as file:
        return read_paths([file], SCHEMAS)


@pytest.fixture(scope="module")
def planned(reading: Reading) -> dict[str, list[Delivery | Refused]]:
    """By event, what the rules make of each captured one."""
    events = [Event(data["eventname"], "moodle", data["eventname"], data=data) for data in captured()]
    return {event.type: plan(event, reading.registry.index, revision=1, now=NOW) for event in events}


def test_nothing_in_it_looks_odd_and_its_services_are_the_demos(reading: Reading) -> None:
    assert not reading.warnings
    assert {slug: one.transport for slug, one in reading.registry.services.items()} == TRANSPORTS


def test_every_rule_answers_to_an_event_and_none_is_refused(
    reading: Reading, planned: dict[str, list[Delivery | Refused]]
) -> None:
    deliveries = [one for answers in planned.values() for one in answers]
    assert {one.rule for one in deliveries} == set(reading.document["rules"])
    assert not [one for one in deliveries if isinstance(one, Refused)]


def test_every_service_hears_of_something_and_some_events_are_for_nobody(
    planned: dict[str, list[Delivery | Refused]],
) -> None:
    assert {one.service for answers in planned.values() for one in answers} == set(TRANSPORTS)
    assert not planned["\\core\\event\\user_loggedin"]
