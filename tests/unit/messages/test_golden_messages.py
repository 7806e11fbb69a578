"""Messages of every release are read for ever: what waits in a queue during an upgrade was written by an older one."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.dead_letter import read_dead_letter
from pipeline.delivery import read_delivery
from pipeline.event import read_event
from pipeline.outcome import Ending

RELEASES = sorted((Path(__file__).parent / "golden").iterdir())


def golden(release: Path, name: str) -> tuple[bytes, dict[str, Any]]:
    message = orjson.loads((release / f"{name}.json").read_bytes())
    return message["body"].encode(), message["headers"]


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_an_event_of_this_release_is_read(release: Path) -> None:
    body, _ = golden(release, "event")
    event = read_event(body)
    assert event.type == r"\core\event\user_enrolment_created"
    assert event.data["relateduserid"] == 4
    assert (event.hops, event.subject) == (1, "user_enrolments/1")
    assert event.extensions["traceparent"].startswith("00-4bf9")


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_a_delivery_of_this_release_is_read(release: Path) -> None:
    delivery = read_delivery(*golden(release, "delivery"))
    assert (delivery.service, delivery.rule, delivery.revision, delivery.attempt) == ("erp", "student-to-erp", 3, 2)
    assert delivery.request is not None
    assert delivery.request.send["path"] == "/courses/2/students"
    assert orjson.loads(delivery.request.body or "") == {"student": 4, "by": "2"}


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_a_dead_letter_of_this_release_is_read(release: Path) -> None:
    letter = read_dead_letter(*golden(release, "dead_letter"))
    assert letter.outcome is not None
    assert (letter.outcome.ending, letter.outcome.status) == (Ending.MAY_PASS, 503)
    assert letter.reason == "HTTP 503, after 2 attempts"


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_an_outcome_of_this_release_has_what_listeners_rely_on(release: Path) -> None:
    body, _ = golden(release, "outcome")
    outcome = orjson.loads(body)
    assert outcome["v"] == 1
    assert {"at", "delivery", "event", "service", "rule", "attempt", "ending", "reason", "dead"} <= outcome.keys()
