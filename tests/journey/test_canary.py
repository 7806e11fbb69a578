"""A canary goes the road that every event goes, and tells how far it came."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hub_world import DEADLINE_S, Hub, Service, registry_for
from monitor import figures, until_figure, until_readyz

ROLES = ("ingest", "router", "sender rest")
RULE = (
    '  canaries: {event: mih.canary, service: till, send: {path: /canaries}, payload: \'{"canary": "{{event.id}}"}\'}\n'
)


async def sent(hub: Hub, *options: str) -> tuple[int | None, dict[str, Any]]:
    """Send one; the exit code, and what the command tells."""
    code, output = await hub.tried("canary", "--json", *options)
    return code, orjson.loads(output)


@pytest.fixture
def watched(hub: Hub) -> Hub:
    hub.environment["MIH_HEALTH_ADDRESS"] = "127.0.0.1:0"
    return hub


async def test_without_a_rule_it_comes_as_far_as_the_router(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url))
    await hub.start("ingest")
    code, told = await sent(hub)
    assert (code, told["became"], told["deliveries"]) == (0, "arrived", [])
    assert told["confirmed_s"] > 0
    assert 0 < told["understood_s"] <= told["seconds"] < DEADLINE_S
    assert "No rule names mih.canary" in await hub.run("canary")
    assert not service.arrived


async def test_with_a_rule_it_arrives_at_its_service_like_any_event(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url, more=RULE))
    await hub.start(*ROLES)
    code, told = await sent(hub)
    [leg] = told["deliveries"]
    assert (code, told["became"]) == (0, "arrived")
    assert (leg["service"], leg["rule"], leg["ending"], leg["attempt"]) == ("till", "canaries", "delivered", 1)
    assert told["understood_s"] <= leg["after_s"] == pytest.approx(told["seconds"], abs=0.001)
    [request] = service.arrived
    assert request["body"]["canary"] == told["event"]


async def test_one_that_nobody_takes_is_lost_when_its_time_is_over(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url, more=RULE))
    await hub.start("ingest")
    code, told = await sent(hub, "--within", "2s")
    assert (code, told["became"], told["trouble"]) == (1, "lost", ["till: no attempt"])


async def test_one_that_its_service_refuses_is_dead_and_says_why(hub: Hub, service: Service) -> None:
    service.answer = lambda _: 422
    await hub.apply(registry_for(service.url, more=RULE))
    await hub.start(*ROLES)
    code, told = await sent(hub)
    assert (code, told["became"]) == (1, "dead")
    assert "422" in told["trouble"][0]


async def test_a_broker_that_is_away_is_told_with_its_own_exit_code(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url))
    hub.of_its_own["canary"] = {"MIH_AMQP_URL": "amqp://mih:hunter2@127.0.0.1:1/"}
    code, output = await hub.tried("canary")
    assert code == 3
    assert "127.0.0.1:1" in output
    assert "hunter2" not in output


@pytest.mark.parametrize(
    ("options", "told"),
    [(("--every", "soon"), "--every: expected a duration"), (("--within", "0s"), "--within: expected more")],
)
async def test_a_time_that_is_none_is_told(hub: Hub, options: tuple[str, ...], told: str) -> None:
    code, output = await hub.tried("canary", *options)
    assert code == 2
    assert told in output


async def test_as_a_role_it_counts_those_that_arrive_and_is_unready_after_three_that_do_not(
    watched: Hub, service: Service
) -> None:
    await watched.apply(registry_for(service.url, more=RULE))
    await watched.start(*ROLES, "canary --every 200ms --within 2s")
    role = "canary --every 200ms --within 2s"
    await until_figures(watched, role, lambda found: found['mih_canaries_total{became="arrived"}'] >= 3)
    found = await figures(watched, role)
    assert found['mih_canaries_total{became="lost"}'] == 0
    assert found["mih_canary_seconds_count"] >= 3
    assert found["mih_canary_last_arrival_timestamp_seconds"] > 1_700_000_000
    await until_readyz(watched, role, 200)
    await watched.kill("sender rest")
    await until_readyz(watched, role, 503, lambda body: "canaries in a row did not arrive" in body["reasons"][0])
    await watched.start("sender rest")
    await until_readyz(watched, role, 200)
    assert (await figures(watched, role))['mih_canaries_total{became="lost"}'] >= 3
    assert await watched.stop(role) == 0


async def test_as_a_role_it_waits_for_a_broker_that_is_away_and_calls_none_lost(watched: Hub) -> None:
    watched.of_its_own["canary"] = {"MIH_AMQP_URL": "amqp://mih:hunter2@127.0.0.1:1/"}
    role = "canary --every 100ms"
    await watched.start(role)
    await until_readyz(watched, role, 503, lambda body: body["reasons"] == ["no connection to RabbitMQ"])
    await until_figure(watched, role, 'mih_canaries_total{became="lost"}', 0)
    assert await watched.stop(role) == 0


async def test_as_a_role_it_calls_none_arrived_before_it_knows_where_they_go(watched: Hub, service: Service) -> None:
    """One that was started while the database was away went no further than to ingest, and was counted as arrived."""
    await watched.apply(registry_for(service.url, more=RULE))
    watched.of_its_own["canary"] = {"MIH_DATABASE_URL": f"sqlite:///{watched.folder / 'away.sqlite'}"}
    role = "canary --every 100ms"
    await watched.start("ingest", role)
    await until_readyz(watched, role, 503, lambda body: body["reasons"] == ["no registry yet"])
    assert (await figures(watched, role))['mih_canaries_total{became="arrived"}'] == 0
    assert await watched.stop(role) == 0


async def until_figures(hub: Hub, role: str, holds: Callable[[dict[str, float]], bool]) -> None:
    for _ in range(DEADLINE_S * 10):
        if holds(found := await figures(hub, role)):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{role} counts {found}")
