"""What the demo publishes: 28 events captured from a Moodle, played several times; pure.

Each playing gives an event another `timecreated`, which makes it another event. Some are published again, byte for
byte, and must be dropped as repeats; a CloudEvent comes twice under one id; and some can be read by nobody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from itertools import islice
from operator import itemgetter
from typing import Any

import orjson

from pipeline.event import CONTENT_TYPE as CLOUDEVENT
from pipeline.event import SPEC_VERSION

ROUNDS = 10
#: One of so many events is published again, so many places later; over the rounds they are different ones.
_AGAIN_EVERY = 13
_AGAIN_AFTER = 20

#: A message that was cut, one that is no object, an event without a name, and an id that is none.
_UNREADABLE = (
    b'{"eventname": "\\\\core\\\\event\\\\user_cre',
    b'["not", "an", "event"]',
    b'{"eventname": 7}',
    b'{"eventname": "\\\\core\\\\event\\\\user_created", "objectid": "four"}',
)


@dataclass(frozen=True, slots=True)
class Publication:
    """One message to publish: which event it is (by type and time), or None where it is not to be understood."""

    event: str | None
    body: bytes
    content_type: str = "application/json"


def captured() -> list[dict[str, Any]]:
    """The captured events, as Moodle gave them."""
    found = sorted((files(__package__) / "captured").iterdir(), key=lambda file: file.name)
    return [orjson.loads(file.read_bytes()) for file in found]


def programme(source: str, *, until: datetime) -> list[Publication]:
    """Everything that is published, in order; the last event happened at `until`, each a second after another."""
    last = int(until.timestamp())
    played = captured() * ROUNDS
    events = [_moodle(event, last - place) for place, event in zip(range(len(played))[::-1], played, strict=True)]
    placed = [*enumerate(events), *_repeats(events), *_cloudevent_twice(source, until), *_unreadable(len(events))]
    return [publication for _, publication in sorted(placed, key=itemgetter(0))]


def name_of(event_type: str, time: str | None) -> str:
    """Tells the demo's events apart, whatever ids they are given on the way."""
    return f"{event_type} {time}"


def _moodle(event: dict[str, Any], seconds: int) -> Publication:
    time = datetime.fromtimestamp(seconds, UTC).isoformat()
    return Publication(name_of(event["eventname"], time), orjson.dumps({**event, "timecreated": seconds}))


def _repeats(events: list[Publication]) -> Iterator[tuple[float, Publication]]:
    for place, event in islice(enumerate(events), 0, None, _AGAIN_EVERY):
        yield place + _AGAIN_AFTER, event


def _cloudevent_twice(source: str, until: datetime) -> Iterator[tuple[float, Publication]]:
    event_type, time = "org.example.library.book_returned", until.isoformat()
    attributes = {"specversion": SPEC_VERSION, "id": "loan-4711", "source": source, "type": event_type, "time": time}
    # The id alone decides: the second says something else, and is a repeat all the same.
    for place, shelf in ((30, "A"), (60, "B")):
        body = orjson.dumps({**attributes, "data": {"userid": 4, "book": "The Trial", "shelf": shelf}})
        yield place, Publication(name_of(event_type, time), body, CLOUDEVENT)


def _unreadable(length: int) -> Iterator[tuple[float, Publication]]:
    for number, body in enumerate(_UNREADABLE, 1):
        yield number * length / (len(_UNREADABLE) + 1), Publication(None, body)
