"""What a monitor reads of running roles, over HTTP, is what happened to them."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from hub_world import DEADLINE_S, Hub, Service, order, registry_for, until

ROLES = ("ingest", "router", "sender rest", "recorder")


@pytest.fixture
def watched(hub: Hub) -> Hub:
    hub.environment["MIH_HEALTH_ADDRESS"] = "127.0.0.1:0"
    return hub


async def ask(hub: Hub, role: str, path: str) -> httpx.Response:
    """Ask a role at the address that it logged."""

    def addresses() -> list[str]:
        log = (hub.folder / f"{role.replace(' ', '-')}.log").read_text()
        return [orjson.loads(line)["address"] for line in log.splitlines() if '"can be asked"' in line]

    await until(lambda: bool(addresses()), f"{role} can be asked")
    async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_S) as client:
        return await client.get(f"http://{addresses()[-1]}{path}")


async def until_readyz(hub: Hub, role: str, status: int, holds: Callable[[Any], bool] = bool) -> None:
    found: Any = None
    for _ in range(DEADLINE_S * 10):
        answer = await ask(hub, role, "/readyz")
        found = answer.status_code, answer.json()
        if found[0] == status and holds(found[1]):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{role} says {found}")


async def figures(hub: Hub, role: str) -> dict[str, float]:
    """Every figure under its name and labels, as /metrics spells them."""
    lines = (await ask(hub, role, "/metrics")).text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


async def until_figure(hub: Hub, role: str, figure: str, value: float) -> dict[str, float]:
    found: dict[str, float] = {}
    for _ in range(DEADLINE_S * 10):
        if (found := await figures(hub, role)).get(figure) == value:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{figure} of {role} is {found.get(figure)}, not {value}")


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
