"""A replay that renders anew: by way of the router, for the one rule that its letter names, as that is now."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from letters import AGAIN, DEAD, ids_in, letter
from queues import without_ladder
from stages_world import TOPOLOGY, World, a_world

from pipeline.attempt.transports import SCHEMAS
from pipeline.broker import Incoming, Session, Take
from pipeline.delivery import read_delivery
from pipeline.dlq import Decision, Walk, anew, as_sent
from pipeline.registry import Registry, compile_registry
from pipeline.router import Router
from topology import names


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url, without_ladder(TOPOLOGY)) as world:
        yield world


def registry_with(event: str = "shop.order", payload: str = '{"number": {{n}}}') -> Registry:
    services = {slug: {"transport": "rest", "url": "https://example.org/"} for slug in ("erp", "lms")}
    rule = {"event": event, "service": "erp", "send": {"method": "PATCH"}, "payload": payload, "missing": "error"}
    other = {"event": "shop.*", "service": "lms"}
    return compile_registry({"version": 1, "services": services, "rules": {"rule-0": rule, "other": other}}, 7, SCHEMAS)


def rendering(registry: Registry) -> Callable[[Session], Take]:
    return lambda session: Router(session, lambda: registry).take


async def replay_anew(world: World, registry: Registry) -> dict[str, int]:
    """Replay all; the reasons for which letters stay."""

    async def decide(message: Incoming) -> Decision:
        return anew(message, registry, datetime.now(UTC))

    return dict((await Walk(session=world.session, place="erp", decide=decide).run()).stayed)


async def test_a_letter_is_rendered_by_its_rule_of_today_and_by_no_other(world: World) -> None:
    await world.session.publish(letter(5))
    assert await replay_anew(world, registry_with()) == {}
    async with world.stage("router", names.ROUTER, rendering(registry_with())):
        [message] = await world.drained(AGAIN, 1)
        await world.until_depth(names.ROUTER, 0)
    again = read_delivery(message.body, message.headers)
    assert again.request
    assert (again.request.send["method"], again.request.body) == ("PATCH", '{"number":5}')
    assert (again.revision, again.variant, again.attempt) == (7, "r7", 1)
    assert again.key == f"{again.id}-r7", "no service takes it for a repeat"
    assert await world.depth(names.service_queue("lms")) == 0, "another rule answers to the event, and is not asked"
    assert await world.depth(DEAD) == 0


@pytest.mark.parametrize(
    ("registry", "reason"),
    [
        (registry_with(event="shop.refund"), "rule rule-0 does not answer to it any more"),
        (registry_with(payload='{"number": {{absent}}}'), "rule rule-0: payload"),
    ],
)
async def test_a_letter_that_its_rule_cannot_render_stays_with_the_reason(
    world: World, registry: Registry, reason: str
) -> None:
    await world.session.publish(letter(5))
    [told] = await replay_anew(world, registry)
    assert told.startswith(reason)
    assert await ids_in(world, DEAD) == ["d5"]
    assert await world.depth(names.ROUTER) == 0


async def test_where_the_rule_changed_on_the_way_the_event_is_kept_in_invalid_and_comes_back_for_that_rule(
    world: World,
) -> None:
    await world.session.publish(letter(5))
    assert await replay_anew(world, registry_with()) == {}
    async with world.stage("router", names.ROUTER, rendering(registry_with(event="shop.refund"))):
        await world.until_depth(names.INVALID, 1)
        await world.until_depth(names.ROUTER, 0)
    assert await world.depth(names.service_queue("lms")) == 0
    await Walk(session=world.session, place="invalid", decide=again_from_invalid).run()
    async with world.stage("router", names.ROUTER, rendering(registry_with())):
        [message] = await world.drained(AGAIN, 1)
    assert read_delivery(message.body, message.headers).variant == "r7"
    assert await world.depth(names.service_queue("lms")) == 0


async def again_from_invalid(message: Incoming) -> Decision:
    return as_sent(message, names.INVALID_KEY, registry_with(), datetime.now(UTC))
