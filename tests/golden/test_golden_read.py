"""Messages of every release are read for ever: what waits in a queue during an upgrade was written by an older one."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from golden_message import NEWEST_RELEASE, RELEASES, Golden, changed, golden_messages
from golden_reading import read_now, same
from written_now import written_now

from pipeline.dead_index import read_letter
from pipeline.delivery import read_delivery
from pipeline.errors import Unreadable
from pipeline.event import read_event
from pipeline.outcome import Ending, read_outcome
from topology import names

OF_EVERY_RELEASE = [
    pytest.param(one, id=f"{release.name} {one.name}") for release in RELEASES for one in golden_messages(release)
]
NOW = {one.name: one for one in written_now()}
NEWEST = {one.name: one for one in golden_messages(NEWEST_RELEASE)}


@pytest.mark.parametrize("golden", OF_EVERY_RELEASE)
def test_what_a_release_wrote_is_read_to_the_same_thing(golden: Golden) -> None:
    assert same(golden.read, read_now(golden))


@pytest.mark.parametrize("name", sorted(name for name in NEWEST if not name.startswith("event-")))
def test_a_process_of_the_last_release_finds_all_it_knows_in_what_is_written_now(name: str) -> None:
    golden, now = NEWEST[name], NOW[name]
    assert (now.exchange, now.routing_key, now.content_type) == (
        golden.exchange,
        golden.routing_key,
        golden.content_type,
    )
    assert _shape(golden.headers).items() <= _shape(now.headers).items()
    if golden.content_type:
        assert _shape(orjson.loads(golden.body)).items() <= _shape(orjson.loads(now.body)).items()


def test_each_kind_of_message_that_is_written_now_is_kept_or_waits_for_its_release() -> None:
    assert set(NEWEST) <= set(NOW)


def test_a_delivery_of_a_newer_version_is_told_from_one_that_is_broken() -> None:
    newer = changed(NOW["delivery-till"], v=2)
    with pytest.raises(Unreadable, match="a delivery of version 2, this MIH reads 1"):
        read_delivery(newer.body, newer.headers)


def test_a_delivery_whose_request_says_more_than_this_version_knows_is_not_sent_without_it() -> None:
    request = orjson.loads(NOW["delivery-till"].body)["request"]
    newer = changed(NOW["delivery-till"], request={**request, "signed_by": "x"})
    with pytest.raises(Unreadable, match="signed_by"):
        read_delivery(newer.body, newer.headers)


def test_an_event_of_a_newer_version_is_not_misread() -> None:
    with pytest.raises(Unreadable, match=r"specversion must be '1\.0', found '2\.0'"):
        read_event(changed(NOW["event-normalized"], specversion="2.0").body)


def test_a_field_that_a_newer_version_added_to_an_outcome_is_passed_over() -> None:
    told = orjson.loads(NOW["dead-after-attempts-till"].headers[names.HEADER_OUTCOME])
    outcome = read_outcome(orjson.dumps({**told, "carbon_g": 3}))
    assert (outcome.ending, outcome.status) == (Ending.MAY_PASS, 503)


@pytest.mark.parametrize("outcome", [{"v": 2}, {"ending": "postponed"}], ids=["version", "ending"])
def test_a_letter_whose_outcome_is_newer_is_listed_with_its_service_rule_and_reason(outcome: dict[str, Any]) -> None:
    letter = NOW["dead-after-attempts-till"]
    told = orjson.loads(letter.headers[names.HEADER_OUTCOME]) | outcome
    newer = replace(letter, headers=letter.headers | {names.HEADER_OUTCOME: orjson.dumps(told).decode()})
    read = read_letter(newer.incoming(), datetime.now(UTC))
    assert (read.place, read.service, read.rule, read.event_id) == ("till", "till", "to-till", "order-30")
    assert read.reason == "HTTP 503, after 3 attempts"


def test_a_letter_whose_delivery_is_newer_is_listed_with_its_service_rule_and_reason() -> None:
    read = read_letter(changed(NOW["dead-after-attempts-till"], v=2).incoming(), datetime.now(UTC))
    assert (read.place, read.service, read.rule, read.event_id) == ("till", "till", "to-till", "order-30")
    assert read.reason == "HTTP 503, after 3 attempts"


def _shape(found: Any, path: str = "") -> dict[str, str]:
    """Every key, however deep, with the kind of its value."""
    if not isinstance(found, dict):
        return {path: type(found).__name__}
    return {path: "dict"} | {
        key: kind for name, value in found.items() for key, kind in _shape(value, f"{path}/{name}").items()
    }
