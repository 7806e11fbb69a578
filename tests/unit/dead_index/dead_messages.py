"""Dead messages of every kind, as a recorder takes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.broker import Incoming
from pipeline.dead_letter import headers_of_death
from pipeline.delivery import CONTENT_TYPE, Delivery, Request
from pipeline.event import Event
from pipeline.outcome import Ending, Outcome

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW = NOON + timedelta(hours=1)
REFUSED = Outcome(Ending.CANNOT_PASS, "HTTP 422", 422, 12, None, "no such student")


def delivery(number: int = 1, service: str = "erp") -> Delivery:
    event = Event(f"e{number}", "moodle", "\\core\\event\\user_created", {"n": number})
    return Delivery(f"d{number}", service, "rule", 7, Request({"method": "POST"}, "{}"), event, NOON, attempt=3)


def message(body: bytes, headers: dict[str, Any], exchange: str, routing_key: str, **properties: Any) -> Incoming:
    known = {"content_type": None, "content_encoding": None, "app_id": None, **properties}
    return Incoming(body, headers, exchange, routing_key, returned=0, tag=1, **known)


def dead(one: Delivery, reason: str = "HTTP 422", exchange: str = "mih.dlx") -> Incoming:
    headers = headers_of_death(one, REFUSED, reason, NOON)
    return message(one.to_bytes(), headers, exchange, one.service, content_type=CONTENT_TYPE)
