from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import as_file, files

import orjson

from pipeline.attempt.transports import SCHEMAS
from pipeline.cli.demo.events import Publication, programme
from pipeline.cli.demo.services import CHAT, SIS
from pipeline.cli.demo.story import acts
from pipeline.event import Event
from pipeline.registry import Registry, read_paths
from pipeline.rules import plan

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROGRAMME = programme("mih-demo-test", until=NOW)
FIRST, SECOND, THIRD = acts(PROGRAMME)


def _registry() -> Registry:
    with as_file(files("pipeline.cli.demo") / "registry.yaml") as file:
        return read_paths([file], SCHEMAS).registry


def _rules(act: Sequence[Publication], service: str) -> list[str]:
    """The rules that answer to an act's Moodle events for a service, as often as they do."""
    bodies = [orjson.loads(one.body) for one in act if one.event and one.content_type == "application/json"]
    events = [Event(body["eventname"], "moodle", body["eventname"], data=body) for body in bodies]
    index = _registry().index
    planned = [one for event in events for one in plan(event, index, revision=1, now=NOW)]
    return [one.rule for one in planned if one.service == service]


def test_the_acts_publish_everything_in_order_and_once() -> None:
    assert [*FIRST, *SECOND, *THIRD] == PROGRAMME


def test_while_the_chat_is_down_enough_is_for_it_to_open_its_breaker_and_to_make_its_queue_grow() -> None:
    failures = _registry().services[CHAT].breaker.failures
    assert len(_rules(SECOND, CHAT)) > 3 * failures


def test_while_the_records_refuse_people_some_are_changed() -> None:
    assert "account-changed" in _rules(THIRD, SIS)
