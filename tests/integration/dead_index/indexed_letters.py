"""Letters of invented deaths."""

from datetime import UTC, datetime, timedelta

from pipeline.broker import Outgoing
from pipeline.dead_index import Letter
from pipeline.dead_letter import fingerprint, headers_of_death
from pipeline.delivery import CONTENT_TYPE, Delivery, Request
from pipeline.event import Event
from pipeline.outcome import Ending, Outcome
from topology import names

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def letter(number: int, place: str = "erp", reason: str = "HTTP 422", body: bytes | None = b"{}") -> Letter:
    return Letter(
        place=place,
        letter_id=f"d{number}",
        service=place,
        event_id=f"e{number}",
        event_type="shop.order",
        rule="orders",
        revision=7,
        reason=reason,
        status=422,
        fingerprint=fingerprint(place, reason, 422),
        attempts=1,
        died_at=NOON + timedelta(seconds=number),
        indexed_at=NOON,
        headers={names.HEADER_DELIVERY_ID: f"d{number}", "odd\x00": "\ud800", "n": 1},
        routing_key=place,
        content_type=CONTENT_TYPE,
        content_encoding=None,
        app_id=None,
        body=body,
    )


def dead_delivery(number: int, service: str = "erp") -> Outgoing:
    """On its way to its dead-letter queue, as a sender publishes it."""
    event = Event(f"e{number}", "shop", "shop.order", {"n": number})
    delivery = Delivery(f"d{number}", service, "orders", 1, Request({"method": "POST"}, "{}"), event, NOON)
    headers = headers_of_death(delivery, Outcome(Ending.CANNOT_PASS, "HTTP 422", 422), "HTTP 422", NOON)
    return Outgoing(names.DLX, service, delivery.to_bytes(), CONTENT_TYPE, headers)
