from collections import Counter
from datetime import UTC, datetime

import orjson
import pytest

from pipeline.broker import Incoming
from pipeline.cli.demo.events import ROUNDS, Publication, captured, name_of, programme
from pipeline.errors import Unreadable
from pipeline.ingest.arrival import Arrival, understand
from pipeline.settings import Settings
from topology import names

SOURCE = "mih-demo-test"
PROGRAMME = programme(SOURCE, until=datetime(2026, 11, 21, 12, tzinfo=UTC))
READABLE = [publication for publication in PROGRAMME if publication.event]


def _understood(publication: Publication) -> Arrival:
    headers = {names.HEADER_SOURCE: SOURCE}
    message = Incoming(publication.body, headers, "", "", publication.content_type, None, None, 0, 1)
    return understand(message, Settings())


def test_every_captured_event_is_played_in_every_round() -> None:
    played = Counter(orjson.loads(publication.body).get("eventname") for publication in dict.fromkeys(READABLE))
    assert len(captured()) == 28
    assert {event["eventname"]: ROUNDS for event in captured()}.items() <= played.items()


def test_ingest_understands_each_as_the_event_that_it_is_named_for() -> None:
    for publication in READABLE:
        event = _understood(publication).event("any id")
        assert name_of(event.type, event.time) == publication.event
        assert event.source == SOURCE


def test_what_has_one_name_is_a_repeat_for_ingest_and_all_else_is_not() -> None:
    identities = {(publication.event, _understood(publication).identity) for publication in READABLE}
    published = Counter(publication.event for publication in READABLE)
    assert len(identities) == len(published) == len({identity for _, identity in identities})
    assert 2 in published.values()


def test_the_cloudevent_comes_twice_with_one_id_and_different_data() -> None:
    first, second = (publication for publication in READABLE if b"specversion" in publication.body)
    assert first.event == second.event
    assert first.body != second.body


def test_ingest_cannot_read_what_is_not_to_be_understood() -> None:
    unreadable = [publication for publication in PROGRAMME if publication.event is None]
    assert unreadable
    for publication in unreadable:
        with pytest.raises(Unreadable):
            _understood(publication)
