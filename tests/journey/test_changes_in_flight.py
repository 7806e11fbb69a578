"""The registry changes while events flow: no restart, nothing lost, nothing repeated."""

import asyncio
from datetime import UTC, datetime

from hub_world import Hub, Service, order, publish_orders, registry_for, running_service, until

from pipeline.broker import Outgoing, open_session, tap
from pipeline.registry import RevisionStore
from pipeline.settings import load_settings

EVENTS = 400


async def test_events_wait_until_there_is_a_registry(hub: Hub, service: Service) -> None:
    await hub.run("topology", "apply")
    await hub.start()
    await hub.publish([order(1)])
    await hub.until_depth("mih.router", 1)
    await hub.apply(registry_for(service.url))
    await until(lambda: service.numbers() == {1}, "it arrives once there is a rule")


async def test_changes_of_a_service_while_events_flow_lose_and_repeat_nothing(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url))
    await hub.start()
    publishing = asyncio.create_task(publish_orders(hub, service, EVENTS))
    for already, timeout_s in ((50, 6), (150, 7), (250, 8)):
        await until(lambda: len(service.arrived) >= already, f"{already} arrived")  # noqa: B023 - awaited in its turn
        await hub.apply(registry_for(service.url).replace("timeout: 5s", f"timeout: {timeout_s}s"))
    await publishing
    await until(lambda: service.numbers() == set(range(EVENTS)), "all arrive")
    assert set(service.accepted.values()) == {1}


async def test_a_new_service_and_rule_are_in_force_within_seconds(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url))
    await hub.start()
    await hub.publish([order(1)])
    await until(lambda: service.numbers() == {1}, "the road works")
    async with running_service() as second:
        more = "  again: {event: shop.*, service: second}"
        registry = registry_for(service.url, more=more).replace(
            "services:\n", f'services:\n  second: {{transport: rest, url: "{second.url}"}}\n'
        )
        await hub.apply(registry)
        # The router, the sender and the suspect worker follow the registry.
        await until(lambda: hub.logs().count('"revision":2,') == 3, "the processes have the new revision", 10)
        await hub.publish([order(2)])
        await until(lambda: service.numbers() == {1, 2} and second.numbers() == {2}, "both services hear of it")


async def test_w8_what_comes_for_a_removed_service_is_kept_as_unroutable(hub: Hub, service: Service) -> None:
    service.answer = lambda _: 503
    await hub.apply(registry_for(service.url, retry="{backoff: 3s}"))
    await hub.start()
    await hub.publish([order(1)])
    await until(lambda: bool(service.arrived), "the first attempt failed")
    await hub.apply("version: 1\nservices: {}\nrules: {}\n")
    await hub.until_depth("mih.unroutable", 1)


async def test_an_apply_that_died_before_it_unbound_a_removed_service_is_made_good_by_the_next(
    hub: Hub, service: Service
) -> None:
    await hub.apply(registry_for(service.url))
    async with RevisionStore.open(load_settings(hub.environment).effective_database_url()) as store:
        await store.append({"version": 1}, by="somebody who was killed here", at=datetime.now(UTC))
    await hub.apply("version: 1\n")
    told = await hub.run("topology", "show", "--json")
    assert "mih.service.till" not in told
    await _deliver(hub, "till")
    await hub.until_depth("mih.unroutable", 1)


async def test_a_service_that_was_removed_and_came_back_is_bound(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url))
    await hub.apply("version: 1\n")
    await hub.apply(registry_for(service.url))
    await _deliver(hub, "till")
    await hub.until_depth("mih.service.till", 1)


async def _deliver(hub: Hub, slug: str) -> None:
    async with open_session(hub.environment["MIH_AMQP_URL"], "test") as session:
        await session.publish(Outgoing("mih.services", slug, b"a delivery"))


async def test_an_apply_tells_the_running_processes_at_once(hub: Hub, service: Service) -> None:
    await hub.run("topology", "apply")
    heard: list[bytes] = []
    async with (
        open_session(hub.environment["MIH_AMQP_URL"], "test") as session,
        tap(session, "mih.control", lambda message: heard.append(message.body)),
    ):
        await hub.apply(registry_for(service.url))
        await until(lambda: heard == [b"revision 1"], "the new revision is announced")
