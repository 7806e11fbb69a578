"""Whatever is published, ingest understands it or says why not, and what it understood can be passed on."""

import gzip
import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.broker import Incoming
from pipeline.errors import Unreadable
from pipeline.event import read_event
from pipeline.ingest.arrival import understand
from pipeline.settings import Settings

SETTINGS = Settings()
#: What no reason may show.
PAYLOAD = "payload-payload-payload-"
#: Stands in a body for arrays within arrays, which Python's own writer could not write.
DEEP = "deep"
CLOUD = {"specversion": "1.0", "id": "1", "source": "s", "type": "t"}

_KEYS = st.sampled_from(
    [*CLOUD, "eventname", "userid", "eventName", "metadata", "timestamp", "data", "time", "subject", "mihhops"]
) | st.text(max_size=4)
_TEXTS = st.text(max_size=8) | st.sampled_from(["1.0", DEEP, PAYLOAD])
_SCALARS = st.none() | st.booleans() | st.integers(-(10**300), 10**300) | _TEXTS


def _nested(scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6),
        max_leaves=12,
    )


_JSON = _nested(_SCALARS | st.floats(allow_nan=False, allow_infinity=False))
#: Nearly events: an event's shape with anything beside it, and at times instead of it.
_EVENTS = st.builds(
    lambda shape, beside, wins: {**beside, **shape} if wins else {**shape, **beside},
    st.sampled_from([CLOUD, {"eventname": "x"}, {"eventName": "x"}, {"type": "x"}]),
    st.dictionaries(_KEYS, _nested(_SCALARS | st.floats()), max_size=4),
    st.booleans(),
)
_BODIES = st.binary(max_size=80) | st.builds(
    lambda value, levels: json.dumps(value).replace(f'"{DEEP}"', "[" * levels + "]" * levels).encode(),
    _EVENTS | _JSON,
    st.integers(1, 300) | st.integers(900, 1100),
)
_CODINGS = st.sampled_from([None, "", "gzip", "utf-8", "br", "GZIP", PAYLOAD])
#: A body and its content_encoding.
_PACKED = (
    st.tuples(_BODIES, st.none())
    | st.tuples(_BODIES.map(gzip.compress), st.just("gzip"))
    | st.tuples(_BODIES | st.text(max_size=20).map(lambda text: text.encode("utf-16")), _CODINGS)
)
_TYPES = (
    st.sampled_from([None, "application/json", "application/cloudevents+json", "text/plain"])
    | st.sampled_from(["application/json; charset=utf-16", f"application/json; charset={PAYLOAD}"])
    | st.text(max_size=12)
)
_ODD_HEADERS = st.dictionaries(
    st.sampled_from(["ce-specversion", "ce-id", "ce-type", "ce-source", "ce-x", "mih-source", "cloudEvents:id"]),
    _TEXTS
    | st.integers()
    | st.none()
    | st.binary(max_size=4)
    | st.just(datetime(2026, 11, 21, tzinfo=UTC))
    | st.lists(_TEXTS, max_size=1)
    | st.dictionaries(_TEXTS, _TEXTS, max_size=1),
    max_size=3,
)
_IN_HEADERS = {f"ce-{name}": value for name, value in CLOUD.items()}
_HEADERS = _ODD_HEADERS | st.sampled_from([{}, _IN_HEADERS]) | _ODD_HEADERS.map(lambda odd: {**_IN_HEADERS, **odd})


@given(_PACKED, _TYPES, _HEADERS, st.none() | st.text(max_size=5))
@example((b'{"type": "x", "n": 123456789012345678901234567890, "m": [1e-400]}', None), None, {}, None)
@example((b'{"type": "x", "type": {}}', None), None, {}, None)
@example((b'{"type": %s}' % (b"[" * 1000 + b"]" * 1000), None), None, {}, None)
def test_whatever_is_published_is_understood_or_refused_with_a_reason(
    packed: tuple[bytes, str | None], content_type: str | None, headers: dict[str, Any], app_id: str | None
) -> None:
    body, encoding = packed
    message = Incoming(body, headers, "mih.events", "key", content_type, encoding, app_id, 0, 1)
    try:
        arrival = understand(message, SETTINGS)
    except Unreadable as why:
        assert 0 < len(str(why)) < 300  # noqa: PT017  what is raised is one of the two answers
        assert PAYLOAD not in str(why)  # noqa: PT017  as above
        return
    event = arrival.event(arrival.own_id or "given")
    assert read_event(event.to_bytes()) == event
    assert understand(message, SETTINGS).identity == arrival.identity


@given(_JSON, st.sampled_from(["utf-8", "utf-8-sig"]), st.booleans())
def test_what_an_event_holds_arrives_as_it_was_in_every_format(value: Any, charset: str, is_packed: bool) -> None:  # noqa: FBT001  hypothesis gives it
    def arrived(published: Any, headers: dict[str, Any]) -> Any:
        body = json.dumps(published, ensure_ascii=False).encode(charset)
        packed, encoding = (gzip.compress(body), "gzip") if is_packed else (body, None)
        message = Incoming(packed, headers, "mih.events", "key", "application/json", encoding, None, 0, 1)
        return understand(message, SETTINGS).event("1").data

    assert arrived({**CLOUD, "data": value}, {}) == value
    assert arrived(value, _IN_HEADERS) == value
    assert arrived({"type": "x", "data": value}, {}) == value
    assert arrived({"type": "x", "value": value}, {})["value"] == value
    assert arrived({"eventName": "x", "payload": value}, {})["payload"] == value
    # PHP writes an empty object as an empty array.
    assert arrived({"eventname": "x", "other": value}, {})["other"] == ({} if value == [] else value)
