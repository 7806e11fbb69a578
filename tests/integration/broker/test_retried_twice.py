"""A delivery that rests in the ladder twice arrives twice: a copied `x-death` would lose it the second time."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from broker_world import World, a_world

from pipeline.attempt.retry import Wait
from pipeline.broker import Incoming, Outgoing
from pipeline.delivery import Delivery, Request, read_delivery
from pipeline.event import Event
from pipeline.outcome import Ending, Outcome
from pipeline.senders.settle import messages_after
from topology.declare import declare
from topology.entities import topology_of

DELIVERY = Delivery(
    id="d1",
    service="erp",
    rule="orders",
    revision=1,
    request=Request({"method": "POST"}, '{"a": 1}'),
    event=Event("e1", "shop", "shop.order", {"a": 1}),
    first_seen=datetime(2026, 11, 20, tzinfo=UTC),
)


@pytest.fixture
async def world(amqp_url: str) -> AsyncIterator[World]:
    declare(amqp_url, topology_of(["erp"]))
    async with a_world(amqp_url) as world:
        yield world


async def test_a_delivery_that_waits_a_second_twice_arrives_twice_with_its_bytes(world: World) -> None:
    message = await _rested(world, Outgoing("mih.services", "erp", DELIVERY.to_bytes(), headers=DELIVERY.headers()))
    for attempt in (2, 3):
        delivery = read_delivery(message.body, message.headers)
        failed = Outcome(Ending.MAY_PASS, "503", 503)
        again, *told = messages_after(delivery, message.body, failed, Wait(1, attempt), datetime.now(UTC))
        assert len(told) == 1
        assert not [name for name in again.headers if name.startswith("x-")]
        message = await _rested(world, again)
        assert message.body == DELIVERY.to_bytes()
        assert read_delivery(message.body, message.headers).attempt == attempt
        assert message.headers["x-death"], "it did rest in the ladder"


async def _rested(world: World, outgoing: Outgoing) -> Incoming:
    await world.session.publish(outgoing)
    [message] = await world.drained("mih.service.erp", 1)
    return message
