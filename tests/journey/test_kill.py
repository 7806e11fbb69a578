"""What dies in the middle of 500 events costs time, never an event."""

import asyncio
from pathlib import Path

import pytest
from hub_world import Hub, Service, hub_of, order, publish_orders, registry_for, until

from pipeline.embedded import DockerRabbit, DockerRedis, PrivateRabbit, PrivateRedis

EVENTS = 500


@pytest.mark.parametrize("role", ["ingest", "router", "sender rest"])
async def test_a_killed_stage_loses_nothing(hub: Hub, service: Service, role: str) -> None:
    await hub.apply(registry_for(service.url))
    await hub.start()
    publishing = asyncio.create_task(publish_orders(hub, service, EVENTS))
    for already in (20, 150, 300):
        await until(lambda: len(service.arrived) >= already, f"{already} arrived")  # noqa: B023 - awaited in its turn
        await hub.kill(role)
        await hub.start(role)
    await publishing
    await until(lambda: service.numbers() == set(range(EVENTS)), "all arrive")
    assert len(service.arrived) - EVENTS <= 3 * 16, "a killed sender repeats at most what it had in flight"


async def test_a_stage_that_is_told_to_stop_loses_and_repeats_nothing(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url))
    await hub.start()
    publishing = asyncio.create_task(publish_orders(hub, service, EVENTS))
    for already, role in ((50, "ingest"), (150, "router"), (250, "sender rest")):
        await until(lambda: len(service.arrived) >= already, f"{already} arrived")  # noqa: B023 - awaited in its turn
        assert await hub.stop(role) == 0
        await hub.start(role)
    await publishing
    await until(lambda: service.numbers() == set(range(EVENTS)), "all arrive")
    assert set(service.accepted.values()) == {1}


async def test_a_broker_that_is_killed_and_comes_back_loses_nothing(
    rabbit: PrivateRabbit | DockerRabbit, redis_url: str, service: Service, tmp_path: Path
) -> None:
    async with hub_of(rabbit.amqp_url, redis_url, rabbit.management_url, tmp_path) as hub:
        await hub.apply(registry_for(service.url))
        await hub.start()
        await hub.publish(order(number) for number in range(EVENTS))
        await until(lambda: len(service.arrived) >= 20, "some arrived")
        assert len(service.arrived) < EVENTS
        await asyncio.to_thread(rabbit.kill)
        await asyncio.to_thread(rabbit.start)
        await until(lambda: service.numbers() == set(range(EVENTS)), "all arrive")


async def test_a_redis_that_goes_and_comes_back_stops_nothing(
    amqp_url: str, management_url: str, redis_server: PrivateRedis | DockerRedis, service: Service, tmp_path: Path
) -> None:
    async with hub_of(amqp_url, redis_server.redis_url, management_url, tmp_path) as hub:
        await hub.apply(registry_for(service.url))
        await hub.start()
        await hub.publish([order(1)])
        await until(lambda: service.numbers() == {1}, "the first arrives")
        await asyncio.to_thread(redis_server.kill)
        await hub.publish(order(number) for number in range(2, 100))
        await until(lambda: service.numbers() == set(range(1, 100)), "all arrive without Redis")
        assert "redis away" in hub.logs()
        await asyncio.to_thread(redis_server.start)
        for number in range(100, 200):
            await hub.publish([order(number)])
            if "redis back" in hub.logs():
                break
        await until(lambda: number in service.numbers(), "it goes on with Redis")
        assert "redis back" in hub.logs()
