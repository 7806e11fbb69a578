"""The deepest event that ingest lets pass reaches the end of the road, whatever a rule makes of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.attempt.transports import SCHEMAS
from pipeline.broker import Incoming
from pipeline.dead_letter import headers_of_death, read_dead_letter
from pipeline.delivery import Delivery, read_delivery
from pipeline.event import Event, read_event
from pipeline.ingest import sample_event
from pipeline.ingest.arrival import understand
from pipeline.ingest.formats.raw import MAX_LEVELS
from pipeline.outcome import Ending, Outcome
from pipeline.registry import compile_registry
from pipeline.rules import plan
from pipeline.settings import Settings

NOW = datetime(2026, 11, 21, tzinfo=UTC)
#: What the event's own object leaves.
LEVELS = MAX_LEVELS - 1
ARRAYS = b'{"type": "deep", "data": %s12345678901234567890123%s}' % (b"[" * LEVELS, b"]" * LEVELS)
OBJECTS = b'{"type": "deep", "data": %s1e-400%s}' % (b'{"a": ' * LEVELS, b"}" * LEVELS)


def delivery(event: Event, payload: Any) -> Delivery:
    rule = {"event": "deep", "service": "erp", "payload": payload}
    services = {"erp": {"transport": "rest", "url": "https://erp.example.org/"}}
    registry = compile_registry({"version": 1, "services": services, "rules": {"all": rule}}, 1, SCHEMAS)
    [planned] = plan(event, registry.index, revision=1, now=NOW)
    assert isinstance(planned, Delivery), planned.reason
    return planned


@pytest.mark.parametrize("body", [ARRAYS, OBJECTS])
@pytest.mark.parametrize(
    "payload",
    ["{{event}}", "{{data}}", '"{{event}}"', "[" * 40 + "{{event}}" + "]" * 40, '{"a": "{{data | json | upper}}"}'],
)
def test_the_deepest_event_is_routed_sent_and_buried(body: bytes, payload: str) -> None:
    message = Incoming(body, {}, "mih.events", "deep", "application/json", None, None, 0, 1)
    event = understand(message, Settings()).event("1")
    assert sample_event(body).data == event.data

    routed = read_event(event.to_bytes())
    planned = delivery(routed, payload)
    taken = read_delivery(planned.to_bytes(), planned.headers())
    outcome = Outcome(Ending.CANNOT_PASS, "refused", 400)
    letter = read_dead_letter(taken.to_bytes(), headers_of_death(taken, outcome, "refused", NOW))

    assert letter.delivery == planned
    assert letter.delivery.event == event
