"""A service that is down for a minute: nothing dies, nothing is lost, and the others do not notice."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from time import monotonic

import aio_pika
import orjson
import pytest
from hub_world import Hub, Service, order, running_service, until

OUTAGE_S, RATE = 60, 100
#: Seconds by which a service that is well may be behind on a busy machine.
BEHIND_S = 10
EVENTS = RATE * (OUTAGE_S + 20)
SLUGS = ("erp", "lms", "sis")
SENDERS = ("sender rest", "sender rest #2", "sender rest #3")


def registry(services: dict[str, Service]) -> str:
    lines = ["version: 1", "services:"]
    lines += [
        f'  {slug}: {{transport: rest, url: "{service.url}", retry: {{max_attempts: 3, backoff: 1s, max_backoff: 4s}}, '
        "breaker: {cooldown: 5s}}"
        for slug, service in services.items()
    ]
    lines.append("rules:")
    lines += [f"  {slug}: {{event: shop.{slug}, service: {slug}, payload: '{{{{data}}}}'}}" for slug in SLUGS]
    return "\n".join(lines)


async def publish_steadily(hub: Hub, published: Counter[str]) -> None:
    """Publish RATE events in each second, to one service after another."""
    connection = await aio_pika.connect(hub.environment["MIH_AMQP_URL"])
    async with connection:
        exchange = await (await connection.channel()).get_exchange("mih.events", ensure=False)
        started = monotonic()
        for number in range(EVENTS):
            await asyncio.sleep(max(0.0, started + number / RATE - monotonic()))
            slug = SLUGS[number % 3]
            event = {**order(number), "type": f"shop.{slug}"}
            await exchange.publish(aio_pika.Message(orjson.dumps(event)), "order")
            published[slug] += 1


@pytest.mark.timeout(300)
async def test_an_outage_of_a_minute_kills_and_loses_nothing_and_the_others_go_on(hub: Hub) -> None:
    async with AsyncExitStack() as stack:
        services = {slug: await stack.enter_async_context(running_service()) for slug in SLUGS}
        await hub.apply(registry(services))
        await hub.start("ingest", "router", *SENDERS)
        published: Counter[str] = Counter()
        publishing = asyncio.create_task(publish_steadily(hub, published))
        erp = services["erp"]
        await until(lambda: published["erp"] >= RATE, "it flows")

        erp.answer = lambda _: 503
        before = len(erp.arrived)
        earlier: list[Counter[str]] = []
        for _ in range(OUTAGE_S):
            earlier.append(published.copy())
            await asyncio.sleep(1)
            if len(earlier) > BEHIND_S:
                for slug in ("lms", "sis"):
                    assert len(services[slug].accepted) >= earlier[-BEHIND_S][slug], f"{slug} waits for erp"
        probes = len(erp.arrived) - before
        erp.answer = lambda _: 200

        await publishing
        await until(lambda: sum(len(one.accepted) for one in services.values()) == EVENTS, "all arrive", 120)
        assert [await hub.depth(f"mih.dlq.{slug}") for slug in SLUGS] == [0, 0, 0]
        assert all(set(one.accepted.values()) == {1} for one in services.values())
        # What was in flight when it went down, and then a probe for each cooldown: not three attempts for each event.
        assert probes < 3 * 16 + OUTAGE_S, f"{probes} requests reached a service that was down"
