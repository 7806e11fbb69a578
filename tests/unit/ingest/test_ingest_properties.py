"""Whatever is published, ingest understands it or says why not, and what it understood it can pass on."""

import gzip
import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.broker import Incoming
from pipeline.errors import Unreadable
from pipeline.event import read_event
from pipeline.ingest.arrival import understand
from pipeline.settings import Settings

SETTINGS = Settings()
_KEYS = st.sampled_from(
    ["eventname", "eventName", "type", "id", "source", "specversion", "data", "time", "subject", "mihhops", "metadata"]
) | st.text(max_size=4)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("1.0"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=12,
)
_BODIES = st.binary(max_size=80) | _JSON.map(lambda value: json.dumps(value).encode())
_ENCODED = _BODIES | _BODIES.map(gzip.compress) | st.text(max_size=20).map(lambda text: text.encode("utf-16"))
_TYPES = (
    st.none()
    | st.text(max_size=12)
    | st.sampled_from(
        ["application/json", "application/cloudevents+json", "text/plain", "application/json; charset=utf-16"]
    )
)
_HEADERS = st.dictionaries(
    st.sampled_from(["ce-specversion", "ce-id", "ce-type", "ce-source", "mih-source", "cloudEvents:id"]),
    st.text(max_size=5) | st.integers() | st.none() | st.just("1.0") | st.lists(st.integers(), max_size=1),
    max_size=5,
)
_CODINGS = st.sampled_from([None, "", "gzip", "utf-8", "br", "GZIP"])


@given(_ENCODED, _TYPES, _HEADERS, _CODINGS, st.none() | st.text(max_size=5))
@example(b'{"type": "x", "n": 123456789012345678901234567890, "m": [1e-400]}', None, {}, None, None)
@example(b'{"type": "x", "type": {}}', None, {}, None, None)
def test_whatever_is_published_is_understood_or_refused_with_a_reason(
    body: bytes, content_type: str | None, headers: dict[str, Any], encoding: str | None, app_id: str | None
) -> None:
    message = Incoming(body, headers, "mih.events", "key", content_type, encoding, app_id, 0, 1)
    try:
        arrival = understand(message, SETTINGS)
    except Unreadable as why:
        assert 0 < len(str(why)) < 400  # noqa: PT017  what is raised is one of the two answers
        return
    event = arrival.event(arrival.own_id or "given")
    assert read_event(event.to_bytes()) == event
    assert understand(message, SETTINGS).identity == arrival.identity
