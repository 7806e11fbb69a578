"""Deliveries, for what begins behind the router: in the form in which router and senders leave them."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import orjson
from aiormq import spec
from numbered_events import Message, payload

from pipeline.attempt.story import with_attempt
from pipeline.broker import Outgoing
from pipeline.delivery import CONTENT_TYPE, Delivery, Request, delivery_id
from pipeline.event import Event
from pipeline.outcome import Ending, Outcome
from pipeline.senders.settle import on_the_ladder
from topology import names

_REFUSED = Outcome(Ending.MAY_PASS, "HTTP 503", status=503, latency_ms=12)


def to_service(number: int, slug: str) -> Message:
    """As the router hands it to its service's queue."""
    delivery = _delivery(number, slug)
    return _message(Outgoing(names.SERVICES, slug, delivery.to_bytes(), CONTENT_TYPE, delivery.headers()))


def to_ladder(number: int, slug: str, seconds: int) -> Message:
    """As a sender puts it there after an attempt that failed."""
    delivery = _delivery(number, slug)
    story = with_attempt("", _REFUSED, attempt=1, at=delivery.first_seen)
    return _message(on_the_ladder(replace(delivery, attempt=2, story=story), delivery.to_bytes(), seconds))


def _delivery(number: int, slug: str) -> Delivery:
    text = payload(number)
    event = Event(uuid4().hex, "bench", f"{slug}.order", orjson.loads(text))
    rule, now = f"to-{slug}", datetime.now(UTC)
    request = Request(body=text.decode())
    return Delivery(delivery_id(event, rule), slug, rule, 1, request, event, first_seen=now, published=now)


def _message(outgoing: Outgoing) -> Message:
    properties = spec.Basic.Properties(
        content_type=outgoing.content_type, headers={**outgoing.headers}, delivery_mode=2
    )
    return Message(outgoing.exchange, outgoing.routing_key, outgoing.body, properties)
