from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.cli.demo.calls import call_of
from pipeline.delivery import Delivery, Request
from pipeline.event import Event

AT = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("transport", "send", "body", "line", "seen"),
    [
        ("rest", {}, None, "POST /", ""),
        ("rest", {"method": "PUT", "path": "/a%20b"}, '{"a": 1}', "PUT /a%20b", '{"a": 1}'),
        ("amqp", {"routing_key": "core.event"}, '{"a": 1}', "publish core.event", '{"a": 1}'),
        ("soap", {"operation": "change"}, '{"b": 4, "a": "x"}', "call change", '{"a":"x","b":"4"}'),
    ],
)
def test_a_delivery_is_expected_as_its_transport_shows_it(
    transport: str, send: dict[str, Any], body: str | None, line: str, seen: str
) -> None:
    event = Event("id", "source", "type")
    call = call_of(Delivery("d", "erp", "rule", 1, Request(send, body), event, AT), transport)
    assert (call.service, call.delivery, call.line, call.body) == ("erp", "d", line, seen)
