"""The registry changes while events flow: no restart, nothing lost, nothing repeated."""

import asyncio

from hub_world import Hub, Service, order, publish_orders, registry_for, running_service, until

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


async def test_what_comes_for_a_removed_service_is_kept_as_unroutable(hub: Hub, service: Service) -> None:
    service.answer = lambda _: 503
    await hub.apply(registry_for(service.url, retry="{backoff: 3s}"))
    await hub.start()
    await hub.publish([order(1)])
    await until(lambda: bool(service.arrived), "the first attempt failed")
    await hub.apply("version: 1\nservices: {}\nrules: {}\n")
    await hub.until_depth("mih.unroutable", 1)
