"""What a replay makes of each kind of letter, by place."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.attempt.transports import SCHEMAS
from pipeline.broker import Incoming
from pipeline.delivery import CONTENT_TYPE, Delivery, Request
from pipeline.dlq import Keep, Send, anew, as_sent
from pipeline.event import Event
from pipeline.registry import compile_registry
from topology import names

NOW = datetime(2026, 11, 21, tzinfo=UTC)
REGISTRY = compile_registry(
    {
        "version": 1,
        "services": {"erp": {"transport": "rest", "url": "https://erp.example.org/"}},
        "rules": {"orders": {"event": "shop.order", "service": "erp"}},
    },
    1,
    SCHEMAS,
)
EVENT = Event("e1", "shop", "shop.order", {"n": 1})
DELIVERY = Delivery("d1", "erp", "orders", 1, Request({"method": "PUT"}, "{}"), EVENT, NOW, attempt=10)


def message(
    body: bytes, headers: dict[str, Any] | None = None, *, key: str = "erp", kind: str = CONTENT_TYPE
) -> Incoming:
    return Incoming(body, headers or {}, names.DLX, key, kind, None, None, 0, 1)


def of(delivery: Delivery, **headers: Any) -> Incoming:
    return message(delivery.to_bytes(), {**delivery.headers(), **headers})


@pytest.mark.parametrize(
    ("letter", "place", "goes_to"),
    [
        (of(DELIVERY), "erp", (names.SERVICES, "erp")),
        (of(DELIVERY), "unroutable", (names.SERVICES, "erp")),
        (message(b"{}", kind="application/json"), "invalid", ("", names.INGEST)),
        (message(b"\x00", kind="text/plain"), "invalid", ("", names.INGEST)),
        (message(b"{}", kind="application/json"), "unroutable", ("", names.INGEST)),
        (message(EVENT.to_bytes(), {"mih-rule": "orders", "mih-variant": "anew"}), "invalid", ("", names.ROUTER)),
    ],
)
def test_what_is_sent_again_goes_where_it_can_be_taken(letter: Incoming, place: str, goes_to: tuple[str, str]) -> None:
    decision = as_sent(letter, place, REGISTRY, NOW)
    assert isinstance(decision, Send)
    assert (decision.outgoing.exchange, decision.outgoing.routing_key) == goes_to
    assert decision.outgoing.body == letter.body


@pytest.mark.parametrize(
    ("letter", "place", "reason"),
    [
        (message(b"{}"), "erp", "cannot be read"),
        (message(b"{}"), "unroutable", "cannot be read"),
        (of(Delivery("d1", "erp", "orders", 1, None, EVENT, NOW)), "erp", "--anew"),
        (of(Delivery("d1", "gone", "orders", 1, Request(), EVENT, NOW)), "unroutable", "no service gone"),
    ],
)
def test_what_cannot_be_sent_as_it_was_stays_and_says_what_would_help(
    letter: Incoming, place: str, reason: str
) -> None:
    decision = as_sent(letter, place, REGISTRY, NOW)
    assert isinstance(decision, Keep)
    assert reason in decision.reason


def test_what_ingest_reads_again_keeps_its_publisher_its_format_and_its_key_and_no_story() -> None:
    told = {
        "mih-source": "shop",
        "ce-id": "e1",
        names.HEADER_REASON: "odd",
        names.HEADER_LETTER: "l1",
        names.HEADER_ROUTING_KEY: "orders.new",
    }
    decision = as_sent(message(b"{}", told, key="invalid"), "invalid", REGISTRY, NOW)
    assert isinstance(decision, Send)
    assert decision.outgoing.headers == {"mih-source": "shop", "ce-id": "e1", names.HEADER_ROUTING_KEY: "orders.new"}


def test_anew_asks_the_router_for_the_one_rule() -> None:
    decision = anew(of(DELIVERY), REGISTRY, NOW)
    assert isinstance(decision, Send)
    out = decision.outgoing
    assert (out.exchange, out.routing_key, out.body) == ("", names.ROUTER, EVENT.to_bytes())
    assert (out.headers[names.HEADER_RULE], out.headers[names.HEADER_VARIANT]) == ("orders", "anew")


def test_anew_also_helps_what_could_not_be_rendered_before() -> None:
    assert isinstance(anew(of(Delivery("d1", "erp", "orders", 1, None, EVENT, NOW)), REGISTRY, NOW), Send)


@pytest.mark.parametrize(
    ("letter", "reason"),
    [
        (message(b"{}"), "no delivery"),
        (of(Delivery("d1", "erp", "gone", 1, None, EVENT, NOW)), "no rule gone"),
        (of(Delivery("d1", "erp", "orders", 1, None, Event("e", "s", "shop.refund"), NOW)), "does not answer"),
    ],
)
def test_what_no_rule_of_today_renders_stays(letter: Incoming, reason: str) -> None:
    decision = anew(letter, REGISTRY, NOW)
    assert isinstance(decision, Keep)
    assert reason in decision.reason
