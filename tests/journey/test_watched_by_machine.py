"""What a monitor reads of running roles, over HTTP, is what happened to them."""

from datetime import UTC, datetime, timedelta

import aio_pika
import orjson
import pytest
from hub_world import DEADLINE_S, Hub, Service, order, registry_for, until
from monitor import ask, figures, until_figure, until_readyz

ROLES = ("ingest", "router", "sender rest", "recorder")


@pytest.fixture
def watched(hub: Hub) -> Hub:
    hub.environment["MIH_HEALTH_ADDRESS"] = "127.0.0.1:0"
    return hub


def messages(stage: str, became: str) -> str:
    return f'mih_messages_total{{became="{became}",stage="{stage}"}}'


def of_till(name: str) -> str:
    return f'{name}{{service="till"}}'


async def test_the_figures_of_each_role_are_what_happened(watched: Hub, service: Service) -> None:
    service.answer = lambda number: 422 if number == 3 else 200
    await watched.apply(registry_for(service.url))
    await watched.start(*ROLES)
    for role in ROLES:
        await until_readyz(watched, role, 200, lambda body: body["state"] == "ready" and not body["reasons"])
        assert (await ask(watched, role, "/healthz")).json()["role"] == role
    await watched.publish([order(1), order(2)])
    await until(lambda: service.numbers() == {1, 2}, "two arrive")
    await watched.publish([order(1), order(3), order(4) | {"type": "shop.nothing"}, order(5) | {"source": 5}])
    await watched.until_indexed(2)

    ingest = await until_figure(watched, "ingest", messages("ingest", "invalid"), 1)
    assert ingest[messages("ingest", "normalized")] == 4
    assert ingest[messages("ingest", "repeat")] == 1
    router = await until_figure(watched, "router", messages("router", "unwanted"), 1)
    assert router[messages("router", "routed")] == 3
    assert router[of_till("mih_deliveries_total")] == 3
    assert router["mih_registry_revision"] == 1
    sender = await until_figure(watched, "sender rest", of_till("mih_dead_total"), 1)
    assert sender['mih_attempts_total{ending="delivered",service="till"}'] == 2
    assert sender['mih_attempts_total{ending="cannot-pass",service="till"}'] == 1
    assert sender[of_till("mih_attempt_seconds_count")] == 3
    assert sender[of_till("mih_arrival_seconds_count")] == 2
    assert 0 < sender[of_till("mih_arrival_seconds_sum")] < DEADLINE_S
    assert sender[of_till("mih_breaker_state")] == 0
    assert sender['mih_in_hand{queue="mih.service.till"}'] == 0
    assert sender["mih_ready"] == 1
    await until_figure(watched, "recorder", messages("recorder", "indexed"), 2)


async def test_a_router_without_a_registry_says_that_this_is_what_it_waits_for(watched: Hub, service: Service) -> None:
    await watched.run("topology", "apply")
    await watched.start("router")
    await until_readyz(watched, "router", 503, lambda body: body["reasons"] == ["no registry yet"])
    assert (await ask(watched, "router", "/healthz")).status_code == 200
    await watched.apply(registry_for(service.url))
    await until_readyz(watched, "router", 200)


async def test_an_open_breaker_is_shown_and_its_sender_is_ready(watched: Hub, service: Service) -> None:
    service.answer = lambda _: 503
    await watched.apply(registry_for(service.url))
    await watched.start(*ROLES)
    await watched.publish(order(number) for number in range(8))
    await until_figure(watched, "sender rest", of_till("mih_breaker_state"), 2)
    await until_readyz(watched, "sender rest", 200)


async def test_while_redis_is_away_an_ingest_is_degraded_and_ready(watched: Hub, service: Service) -> None:
    watched.of_its_own["ingest"] = {"MIH_REDIS_URL": "redis://:hunter2@127.0.0.1:1/0"}
    await watched.apply(registry_for(service.url))
    await watched.start(*ROLES)
    await watched.publish([order(1)])
    await until(lambda: service.numbers() == {1}, "it arrives all the same")
    await until_readyz(watched, "ingest", 200, lambda body: body["reasons"] == ["Redis does not answer"])
    assert (await figures(watched, "ingest"))["mih_redis_unanswered"] > 0


async def test_a_role_whose_broker_is_away_is_alive_and_not_ready_and_tells_no_secret(watched: Hub) -> None:
    watched.of_its_own["ingest"] = {"MIH_AMQP_URL": "amqp://mih:hunter2@127.0.0.1:1/"}
    await watched.start("ingest")
    await until_readyz(watched, "ingest", 503, lambda body: body["reasons"] == ["no connection to RabbitMQ"])
    answers = [await ask(watched, "ingest", path) for path in ("/healthz", "/readyz", "/metrics")]
    assert [answer.status_code for answer in answers] == [200, 503, 200]
    assert not [answer for answer in answers if "hunter2" in answer.text]


async def test_an_arrival_counts_from_when_the_event_was_published(watched: Hub, service: Service) -> None:
    await watched.apply(registry_for(service.url))
    await watched.start(*ROLES)
    connection = await aio_pika.connect(watched.environment["MIH_AMQP_URL"])
    async with connection:
        channel = await connection.channel()
        events = await channel.get_exchange("mih.events", ensure=False)
        an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
        await events.publish(aio_pika.Message(orjson.dumps(order(1)), timestamp=an_hour_ago), "order")
    found = await until_figure(watched, "sender rest", of_till("mih_arrival_seconds_count"), 1)
    assert 3590 < found[of_till("mih_arrival_seconds_sum")] < 3600 + DEADLINE_S


async def test_the_suspect_worker_tells_what_waits_in_each_queue_and_for_how_long(
    watched: Hub, service: Service
) -> None:
    service.answer = lambda _: 503
    await watched.apply(registry_for(service.url))
    await watched.start(*ROLES)
    await watched.publish(order(number) for number in range(8))
    await until_figure(watched, "sender rest", of_till("mih_breaker_state"), 2)
    await watched.run("pause", "till", "--why", "a test")
    await watched.publish([order(9)])
    await watched.kill("recorder")
    # Those that failed come back from the ladder.
    await watched.until_depth("mih.service.till", 9)
    await watched.start("suspect")
    figures = await until_figure(watched, "suspect", 'mih_queue_ready{queue="mih.service.till"}', 9)
    assert figures['mih_queue_ready{queue="mih.ingest"}'] == 0
    assert figures['mih_queue_consumers{queue="mih.ingest"}'] == 1
    assert figures['mih_queue_consumers{queue="mih.dead"}'] == 0
    assert 0 < figures[of_till("mih_queue_oldest_seconds")] < DEADLINE_S
    assert figures["mih_queues_seen_timestamp_seconds"] > 1_700_000_000
