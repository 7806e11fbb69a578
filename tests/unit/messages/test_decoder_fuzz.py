"""Whatever lies in a queue, its decoder reads it or says that it cannot; and what is sent on of it can be published."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import orjson
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.attempt.story import attempts_of
from pipeline.broker import Incoming, moved, rejected
from pipeline.broker.wire.encode import publish_frames
from pipeline.cli.dlq.described import described
from pipeline.dead_index import read_letter
from pipeline.dead_letter import read_dead_letter
from pipeline.delivery import Delivery, Request, read_delivery
from pipeline.errors import Unreadable
from pipeline.event import Event, read_event
from pipeline.outcome import Ending, Outcome, dump_outcome, read_outcome
from topology import names

NOW = datetime(2026, 11, 21, tzinfo=UTC)
EVENT = Event(id="1", source="shop", type="t", data={"number": 1})
DELIVERY = Delivery("d", "erp", "r", 3, Request({"method": "POST"}, "{}"), EVENT, NOW)
OUTCOME = dump_outcome(Outcome(Ending.MAY_PASS, "HTTP 503", status=503))
#: Bytes of a frame, in which all headers of a message must be; RabbitMQ closes the connection above it.
FRAME = 131_072
LONG = 100_000
#: Short names: what AMQP writes around each is as long as the name.
MANY = ["ce-" + "".join(letters) for letters in product("abcdefghijklmnopqrstuvw", repeat=3)]

_TEXTS = st.text(max_size=8) | st.sampled_from(["\x00", "x" * 5000, "\x1b]0;owned\x07"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _changed(whole: Any, paths: list[tuple[str, ...]]) -> st.SearchStrategy[bytes]:
    """What is right but for some of its values."""

    def change(changes: dict[tuple[str, ...], Any]) -> bytes:
        document = orjson.loads(orjson.dumps(whole))
        for path, value in changes.items():
            target = document
            for key in path[:-1]:
                target = target[key] if isinstance(target, dict) and key in target else {}
            if isinstance(target, dict):
                target[path[-1]] = value
        return orjson.dumps(document)

    return st.dictionaries(st.sampled_from(paths), _VALUES | st.just("x" * 5000), max_size=3).map(change)


_DELIVERIES = _changed(
    orjson.loads(DELIVERY.to_bytes()),
    [
        *((name,) for name in ("v", "id", "service", "rule", "revision", "first_seen", "request", "event")),
        *(("request", name) for name in ("send", "body", "odd")),
        *(("event", name) for name in ("id", "specversion", "data")),
    ],
)
_EVENTS = _changed(EVENT.to_mapping(), [(name,) for name in ("specversion", "id", "source", "type", "time", "mihhops")])
_BODIES = st.binary(max_size=40) | _DELIVERIES | _EVENTS | _VALUES.map(orjson.dumps) | st.just(b"[" * 2000)
#: All that AMQP's tables can hold.
_IN_TABLES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | _TEXTS
    | st.binary(max_size=4)
    | st.just(NOW)
    | st.sampled_from([OUTCOME, "1", '"text"', "[1]", "{}", '{"v": 1}', "-1", "9" * 5000]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)
_OURS = [value for name, value in vars(names).items() if name.startswith("HEADER_")]
_HEADERS = st.dictionaries(st.sampled_from([*_OURS, "x-death", "ce-id"]) | st.text(max_size=8), _IN_TABLES, max_size=5)
_MESSAGES = st.builds(
    Incoming,
    body=_BODIES,
    headers=_HEADERS,
    exchange=st.sampled_from(["", names.DLX, names.SERVICES, "odd"]),
    routing_key=st.text(max_size=20) | st.just("k" * 255),
    content_type=st.none() | st.text(max_size=8) | st.just("application/vnd.mih.delivery+json"),
    content_encoding=st.none() | st.text(max_size=8),
    app_id=st.none() | st.text(max_size=8),
    returned=st.integers(0, 9),
    tag=st.just(1),
)

#: What fills a frame takes its time.
patiently = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)

Decoder = Callable[[Incoming], Any]


@patiently
@given(
    _MESSAGES,
    st.sampled_from(
        [
            lambda message: read_event(message.body),
            lambda message: read_delivery(message.body, message.headers),
            lambda message: read_dead_letter(message.body, message.headers),
            lambda message: read_outcome(message.headers.get(names.HEADER_OUTCOME, b"")),
        ]
    ),
)
@example(
    Incoming(DELIVERY.to_bytes(), {names.HEADER_ATTEMPT: float("inf")}, "", "", None, None, None, 0, 1),
    lambda message: read_delivery(message.body, message.headers),
)
@example(
    Incoming(DELIVERY.to_bytes(), {names.HEADER_OUTCOME: "1"}, "", "", None, None, None, 0, 1),
    lambda message: read_dead_letter(message.body, message.headers),
)
def test_a_decoder_reads_it_or_says_that_it_cannot(message: Incoming, decode: Decoder) -> None:
    with suppress(Unreadable):
        decode(message)


@patiently
@given(_MESSAGES)
def test_every_dead_message_becomes_a_letter_that_any_database_holds_and_any_reader_is_shown(message: Incoming) -> None:
    letter = read_letter(message, NOW)
    texts = (
        letter.place,
        letter.letter_id,
        letter.service,
        letter.event_id,
        letter.event_type,
        letter.rule,
        letter.reason,
    )
    for text in texts:
        assert "\x00" not in text
        text.encode()
    assert isinstance(described(letter)["story"], list)


@patiently
@given(_MESSAGES, st.text(max_size=8))
@example(Incoming(b"", {names.HEADER_ROUTING_KEY: bytearray(LONG)}, "", "", None, None, None, 3, 1), "odd")
@example(Incoming(b"", {names.HEADER_REASON: "é" * LONG}, "", "", None, None, None, 3, 1), "r" * 4 * LONG)
@example(Incoming(b"", dict.fromkeys(MANY, ""), "", "", None, None, None, 3, 1), "odd")
@example(Incoming(b"", {"mih-a": 2**63 - 1, "ce-b": -(2**63)}, "", "", None, None, None, 3, 1), "odd")
def test_every_message_can_be_moved_and_rejected_in_one_frame(message: Incoming, reason: str) -> None:
    for outgoing in (moved(message, "", "mih.suspect.ingest"), rejected(message, names.INVALID_KEY, reason)):
        empty = replace(outgoing, body=b"")
        assert len(publish_frames(empty, "0" * 32, channel=1, content_max=FRAME - 8)) < FRAME


@patiently
@given(
    _TEXTS
    | st.binary(max_size=20).map(lambda raw: raw.decode(errors="replace"))
    | _VALUES.map(lambda value: orjson.dumps(value).decode())
)
def test_every_story_is_attempts_or_none(story: str) -> None:
    assert isinstance(attempts_of(story), list)


@patiently
@given(_MESSAGES)
def test_the_ids_for_a_log_are_texts(message: Incoming) -> None:
    assert all(isinstance(one, str) for one in message.ids.values())
