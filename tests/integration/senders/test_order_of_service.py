"""Who goes first, and how fast: retries beside first attempts, the rate, and people's word."""

import asyncio
from datetime import UTC, datetime

import orjson
import pytest
from fleet_world import FleetWorld, until_arrived
from http_service import Service
from stages_world import eventually

from pipeline.registry.interventions import Intervention, Kind
from topology import names


async def test_first_attempts_do_not_starve_behind_a_wave_of_retries(fleet: FleetWorld, service: Service) -> None:
    async def takes_its_time(_: int) -> int:
        await asyncio.sleep(0.05)
        return 200

    service.answer = takes_its_time
    await fleet.apply({"erp": {"url": service.url, "concurrency": 4}})
    await fleet.deliver("erp", 400, attempt=2)
    await fleet.deliver("erp", 20, first=1000)
    async with fleet.senders(1):
        await eventually(lambda: _arrived(service, 1000, 1020), "all first attempts arrive")
        before = sum(one["body"]["number"] < 1000 for one in service.answered)
        assert before < 200, "so many retries came before them, of 400 in the queue"
        await until_arrived(service, 420)


async def test_the_rate_is_the_fleets(fleet: FleetWorld, service: Service) -> None:
    await fleet.apply({"erp": {"url": service.url, "rate_limit": "20/s"}})
    async with fleet.senders(3):
        await fleet.deliver("erp", 41)
        await until_arrived(service, 41)
    times = sorted(one["at"] for one in service.arrived)
    # Never early: forty intervals of 50 ms, less what the first request took longer on its way than the last.
    assert times[-1] - times[0] >= 40 * 0.05 - 0.25
    assert await fleet.dead("erp") == 0


async def test_the_wait_for_a_slot_of_the_rate_is_no_slow_answer(fleet: FleetWorld, service: Service) -> None:
    slow_is_failure = {"breaker": {"failures": 1, "slow_calls": True, "cooldown": "1h"}, "slow": "900ms"}
    await fleet.apply({"erp": {"url": service.url, "rate_limit": "1/s", **slow_is_failure}})
    async with fleet.senders(1):
        await fleet.deliver("erp", 3)
        await until_arrived(service, 3)
        assert (await fleet.standing("erp")).window is None


async def test_too_many_requests_halve_what_is_in_flight_and_open_no_breaker(
    fleet: FleetWorld, service: Service
) -> None:
    async def carries_four(_: int) -> int:
        if service.in_flight > 4:
            return 429
        await asyncio.sleep(0.02)
        return 200

    service.answer = carries_four
    await fleet.apply({"erp": {"url": service.url, "retry": {"backoff": "1s", "max_backoff": "1s"}}})
    async with fleet.senders(3):
        await fleet.deliver("erp", 300)
        await until_arrived(service, 300)
        standing = await fleet.standing("erp")
    assert standing.state == "closed"
    assert standing.window is not None
    assert standing.window < 48
    assert await fleet.dead("erp") == 0
    refused = sum(one["status"] == 429 for one in service.answered)
    assert refused < 150, "a fleet that asks for 48 at once would be refused far more often"


async def test_w10_a_paused_service_is_left_alone_and_resumed(
    fleet: FleetWorld, service: Service, other: Service
) -> None:
    await fleet.apply({"erp": {"url": service.url}, "lms": {"url": other.url}})
    async with fleet.senders(2):
        await fleet.until_consumers("erp", 2)
        await fleet.said.put(Intervention(Kind.PAUSED, "erp", "ada", "maintenance", datetime.now(UTC)))
        await fleet.until_consumers("erp", 0)
        await fleet.deliver("erp", 20)
        await fleet.deliver("lms", 20)
        await until_arrived(other, 20)
        assert not service.arrived
        await fleet.said.remove(Kind.PAUSED, "erp")
        await until_arrived(service, 20)


async def test_how_long_the_oldest_waits_is_told_from_the_pause_on_and_not_from_the_last_delivery(
    fleet: FleetWorld, service: Service
) -> None:
    """Paused after an idle night, a service had its oldest wait "~9h" a minute later."""
    await fleet.apply({"erp": {"url": service.url}})
    async with fleet.senders(1):
        await fleet.until_consumers("erp", 1)
        assert (await fleet.standing("erp")).head_ms is None
        pause = Intervention(Kind.PAUSED, "erp", "ada", "maintenance", datetime.now(UTC))
        await fleet.said.put(pause)

        async def is_told() -> bool:
            head_ms = (await fleet.standing("erp")).head_ms
            return head_ms is not None and head_ms >= pause.at.timestamp() * 1000

        await eventually(is_told, "it is told when the queue was empty")


async def test_a_pause_survives_a_restart_of_the_senders(fleet: FleetWorld, service: Service, other: Service) -> None:
    await fleet.apply({"erp": {"url": service.url}, "lms": {"url": other.url}})
    await fleet.said.put(Intervention(Kind.PAUSED, "erp", "ada", "maintenance", datetime.now(UTC)))
    await fleet.deliver("erp", 20)
    for round_ in range(2):
        async with fleet.senders(1):
            await fleet.deliver("lms", 5, first=5 * round_)
            await until_arrived(other, 5 * (round_ + 1))
    assert not service.arrived
    assert await fleet.depth(names.service_queue("erp")) == 20


@pytest.mark.parametrize("kind", [Kind.BREAKER_OPEN, Kind.BREAKER_CLOSED])
async def test_a_breaker_that_is_forced_does_as_it_is_told(fleet: FleetWorld, service: Service, kind: Kind) -> None:
    service.answer = lambda _: 503 if kind is Kind.BREAKER_CLOSED else 200
    await fleet.apply({"erp": {"url": service.url, "breaker": {"failures": 2, "cooldown": "1h"}}})
    await fleet.said.put(Intervention(kind, "erp", "ada", "to see", datetime.now(UTC)))
    await fleet.deliver("erp", 20)
    async with fleet.senders(2):
        if kind is Kind.BREAKER_CLOSED:
            await eventually(lambda: _requests(service, 20), "all are attempted, whatever fails")
        else:
            await fleet.until_consumers("erp", 0)
            await fleet.said.remove(kind, "erp")
            await until_arrived(service, 20)


async def test_w10_a_stopped_rule_s_deliveries_die_with_that_reason(fleet: FleetWorld, service: Service) -> None:
    await fleet.apply({"erp": {"url": service.url}})
    await fleet.said.put(Intervention(Kind.STOPPED, "orders", "ada", "wrong course", datetime.now(UTC)))
    async with fleet.senders(1):
        await fleet.deliver("erp", 3)
        await fleet.deliver("erp", 2, first=10, rule="others")
        await until_arrived(service, 2)
        dead = await fleet.drained(names.dead_letter_queue("erp"), 3)
    assert {one.headers["mih-reason"] for one in dead} == {"rule orders is stopped by ada: wrong course"}
    assert len(service.arrived) == 2


async def test_a_service_that_refuses_our_credentials_is_paused_and_burns_no_attempts(
    fleet: FleetWorld, service: Service
) -> None:
    service.answer = lambda _: 401
    await fleet.apply({"erp": {"url": service.url, "retry": {"max_attempts": 1, "backoff": "1s"}}})
    await fleet.listening("alarms", names.OUTCOMES, "paused.#")
    async with fleet.senders(2):
        await fleet.deliver("erp", 50)
        await eventually(lambda: _is_paused(fleet, "erp"), "it is paused")
        await fleet.until_consumers("erp", 0)
        [alarm] = await fleet.drained("alarms", 1)
        told = orjson.loads(alarm.body)
        assert (told["service"], told["who"]) == ("erp", "mih")
        assert "HTTP 401" in told["why"]
        said = (await fleet.said.all()).paused("erp")
        assert said is not None
        assert said.who == "mih"
        assert "HTTP 401" in said.why
        service.answer = lambda _: 200
        await fleet.said.remove(Kind.PAUSED, "erp")
        await until_arrived(service, 50)
    assert await fleet.dead("erp") == 0


async def test_a_receiver_that_is_gone_is_paused_where_the_service_says_so(fleet: FleetWorld, service: Service) -> None:
    service.answer = lambda _: 410
    await fleet.apply({"hook": {"url": service.url, "gone_on": [410], "retry": {"max_attempts": 1}}})
    async with fleet.senders(1):
        await fleet.deliver("hook", 20)
        await eventually(lambda: _is_paused(fleet, "hook"), "it is paused")
        await fleet.until_consumers("hook", 0)
    assert await fleet.dead("hook") == 0


async def _is_paused(fleet: FleetWorld, slug: str) -> bool:
    return (await fleet.said.all()).paused(slug) is not None


async def _arrived(service: Service, first: int, end: int) -> bool:
    return set(range(first, end)) <= service.numbers()


async def _requests(service: Service, count: int) -> bool:
    return len({one["key"] for one in service.arrived}) >= count
