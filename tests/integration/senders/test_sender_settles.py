"""A sender: one request for one attempt, whatever happens to what is published after it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from stages_world import World, a_world, eventually

from pipeline.attempt.ending import Answered, Seen
from pipeline.broker import Session, Take
from pipeline.delivery import CONTENT_TYPE, Delivery, Request
from pipeline.event import Event
from pipeline.registry.model import ServiceBase
from pipeline.senders import Sender
from pipeline.shared_state import Delivered
from topology import names

#: 60 s of backoff, and up to a quarter more, begin here.
LADDER = names.delay_level(5), names.delay_level(6)


@dataclass
class Counted:
    """A way out that counts, and answers with one status."""

    status: int
    attempts: list[str] = field(default_factory=list)

    async def attempt(self, delivery: Delivery) -> Seen:
        self.attempts.append(delivery.id)
        return Answered(self.status)

    async def close(self) -> None:
        pass


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url) as world:
        yield world


def sending(world: World, transport: Counted) -> Callable[[Session], Take]:
    service = ServiceBase.model_validate({"transport": "rest", "retry": {"backoff": "60s"}})

    def take_in(session: Session) -> Take:
        return Sender(session, "erp", service, transport, Delivered(world.shared)).take

    return take_in


async def deliver(world: World, delivery_id: str) -> None:
    event = Event("e", "shop", "shop.order", {"n": 1})
    delivery = Delivery(delivery_id, "erp", "orders", 1, Request({"method": "POST"}, "{}"), event, datetime.now(UTC))
    await world.publish(
        names.SERVICES, "erp", delivery.to_bytes(), content_type=CONTENT_TYPE, headers=delivery.headers()
    )


async def full_listener(world: World) -> None:
    """Somebody listens to outcomes with a queue that takes no more."""
    wire = await (await world.session.channel()).get_underlay_channel()
    await wire.queue_declare(
        "listener",
        durable=True,
        arguments={"x-queue-type": "classic", "x-max-length": 1, "x-overflow": "reject-publish"},
    )
    await wire.queue_bind("listener", names.OUTCOMES, "#")
    await wire.close()
    await world.publish("", "listener", b"first")


async def test_a_listener_that_takes_no_more_outcomes_costs_no_second_request(world: World) -> None:
    await full_listener(world)
    transport = Counted(503)
    async with world.stage("sender", names.service_queue("erp"), sending(world, transport)):
        await deliver(world, "d1")
        await deliver(world, "d2")

        async def both_wait() -> bool:
            return sum([await world.depth(level) for level in LADDER]) == 2

        await eventually(both_wait, "both wait in the ladder")
    assert await world.depth(names.service_queue("erp")) == 0
    assert sorted(transport.attempts) == ["d1", "d2"]


async def test_a_delivery_that_comes_again_after_it_arrived_is_not_sent_again(world: World) -> None:
    transport = Counted(200)
    async with world.stage("sender", names.service_queue("erp"), sending(world, transport)):
        await deliver(world, "d1")
        await world.until_depth(names.service_queue("erp"), 0)
        await deliver(world, "d1")
        await deliver(world, "d2")
        await world.until_depth(names.service_queue("erp"), 0)
    assert transport.attempts == ["d1", "d2"]
