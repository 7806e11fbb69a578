"""The router: one delivery for each rule, all confirmed before the event is acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from queues import WITHIN_S
from stages_world import World, a_world, die, registry_of

from pipeline.attempt.transports import SCHEMAS
from pipeline.broker import Session, Take
from pipeline.delivery import Delivery, read_delivery
from pipeline.event import Event
from pipeline.registry import Registry, compile_registry
from pipeline.router import Router
from pipeline.rules import Refused
from topology import names

ORDER = Event("e1", "shop", "shop.order", {"n": 1})
EVERYONE = (("shop.order", "erp"), ("shop.order", "lms"), ("shop.*", "sis"))
#: 30 s begin in the level of 16 s.
PARKED = names.delay_level(4)


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url) as world:
        yield world


def routing(registry: Registry) -> Callable[[Session], Take]:
    return lambda session: Router(session, lambda: registry).take


async def order(world: World) -> None:
    await world.publish(names.NORMALIZED, ORDER.key, ORDER.to_bytes())


async def make_full(world: World, slug: str) -> None:
    """The service's queue, as somebody made it who thought that a limit is a good thing."""
    queue = names.service_queue(slug)
    wire = await (await world.session.channel()).get_underlay_channel()
    await wire.queue_delete(queue)
    await wire.queue_declare(
        queue,
        durable=True,
        arguments={"x-queue-type": "classic", "x-max-length": 1, "x-overflow": "reject-publish"},
    )
    await wire.queue_bind(queue, names.SERVICES, slug)
    await wire.close()
    await world.publish("", queue, b"first")


async def test_an_event_for_three_services_is_three_deliveries(world: World) -> None:
    async with world.stage("router", names.ROUTER, routing(registry_of(*EVERYONE))):
        await order(world)
        messages = [(await world.drained(names.service_queue(slug), 1))[0] for slug in ("erp", "lms", "sis")]
        await world.until_depth(names.ROUTER, 0)
    deliveries = [read_delivery(message.body, message.headers) for message in messages]
    assert [delivery.service for delivery in deliveries] == ["erp", "lms", "sis"]
    assert {delivery.event.id for delivery in deliveries} == {"e1"}
    assert len({delivery.id for delivery in deliveries}) == 3
    assert {delivery.attempt for delivery in deliveries} == {1}


async def test_an_event_that_no_rule_wants_is_done(world: World) -> None:
    async with world.stage("router", names.ROUTER, routing(registry_of(("another.event", "erp")))):
        await order(world)
        await world.until_depth(names.ROUTER, 0)
    assert await world.depth(names.ROUTER) == 0


async def test_a_delivery_that_its_queue_refuses_waits_in_the_ladder_and_the_others_do_not(world: World) -> None:
    await make_full(world, "lms")
    async with world.stage("router", names.ROUTER, routing(registry_of(*EVERYONE))) as session:
        await order(world)
        await world.until_depth("mih.service.erp", 1)
        await world.until_depth("mih.service.sis", 1)
        [parked] = await world.drained(PARKED, 1)
        await world.until_depth(names.ROUTER, 0)
        assert not session.lost.is_set()
    assert read_delivery(parked.body, parked.headers).service == "lms"
    assert parked.routing_key.endswith(".lms")
    assert await world.depth(names.ROUTER) == 0
    assert await world.depth("mih.service.lms") == 1


async def test_events_behind_a_refused_delivery_go_on(world: World) -> None:
    await make_full(world, "lms")
    async with world.stage("router", names.ROUTER, routing(registry_of(*EVERYONE))):
        for _ in range(30):
            await order(world)
        await world.until_depth("mih.service.erp", 30)
        await world.until_depth(PARKED, 30)


async def test_an_event_is_not_acknowledged_before_all_its_deliveries_are_confirmed(world: World) -> None:
    """Its process dies after the first of three was confirmed: all three come, the first of them again."""
    registry = registry_of(*EVERYONE)

    class DyingRouter(Router):
        async def _publish(self, planned: Delivery | Refused) -> None:
            if planned.service == "lms":
                await world.until_depth("mih.service.erp", 1)
                await die(self.session)
            await super()._publish(planned)

    await order(world)
    async with world.stage(
        "router", names.ROUTER, lambda session: DyingRouter(session, lambda: registry).take
    ) as session:
        await asyncio.wait_for(session.lost.wait(), WITHIN_S)
    await world.until_depth(names.ROUTER, 1)
    async with world.stage("router", names.ROUTER, routing(registry)):
        await world.until_depth("mih.service.lms", 1)
        await world.until_depth("mih.service.erp", 2)
        await world.until_depth(names.ROUTER, 0)
    ids = [read_delivery(message.body, message.headers).id for message in await world.ready("mih.service.erp")]
    assert len(set(ids)) == 1, "the repeat is known by its id"


async def test_w8_what_a_rule_cannot_render_is_dead_with_the_reason_and_the_next_event_goes_on(world: World) -> None:
    document = {
        "version": 1,
        "services": {"erp": {"transport": "rest", "url": "https://erp.example.org/"}},
        "rules": {
            "orders": {
                "event": "shop.order",
                "service": "erp",
                "missing": "error",
                "payload": '{"number": {{data.n}}}',
            }
        },
    }
    async with world.stage("router", names.ROUTER, routing(compile_registry(document, 1, SCHEMAS))):
        for event in (Event("e0", "shop", "shop.order", {}), ORDER):
            await world.publish(names.NORMALIZED, event.key, event.to_bytes())
        [dead] = await world.drained(names.dead_letter_queue("erp"), 1)
        [alive] = await world.drained(names.service_queue("erp"), 1)
        await world.until_depth(names.ROUTER, 0)
    assert "data.n" in dead.headers[names.HEADER_REASON]
    assert [read_delivery(one.body, one.headers).event.id for one in (dead, alive)] == ["e0", "e1"]


async def test_what_the_router_cannot_read_is_kept_with_its_bytes_and_the_reason(world: World) -> None:
    async with world.stage("router", names.ROUTER, routing(registry_of(*EVERYONE))):
        await world.publish(names.NORMALIZED, "any.key", b"{}", content_type="application/x-odd")
        [kept] = await world.drained(names.INVALID, 1)
    assert (kept.body, kept.content_type) == (b"{}", "application/x-odd")
    assert "specversion" in kept.headers[names.HEADER_REASON]
    assert kept.headers[names.HEADER_ROUTING_KEY] == "any.key"
