"""A service that fails is left alone by all senders, and nothing it missed is lost or spent."""

import asyncio
from pathlib import Path

from fleet_world import FleetWorld, a_fleet_world, until_arrived
from http_service import Service
from stages_world import eventually

from pipeline.embedded import DockerRedis, PrivateRedis
from topology import names

QUICK = {"retry": {"backoff": "1s", "max_backoff": "1s"}, "breaker": {"failures": 5, "cooldown": "1s"}}


async def test_w11_an_open_breaker_cancels_every_consumer_and_spends_no_attempts(
    fleet: FleetWorld, service: Service
) -> None:
    service.answer = lambda _: 503
    await fleet.apply({"erp": {"url": service.url, "retry": {"max_attempts": 2}, "breaker": {"cooldown": "1h"}}})
    async with fleet.senders(3):
        await fleet.deliver("erp", 300)
        await fleet.until_state("erp", "open")
        await fleet.until_consumers("erp", 0)
        requests = len(service.arrived)
        assert requests <= 3 * 16
        queue = names.service_queue("erp")

        async def all_wait() -> bool:
            return await fleet.depth(queue) + await fleet.waiting() + await fleet.dead("erp") == 300

        await eventually(all_wait, "all 300 wait")
        # With two attempts each, one that counts in excess of the four before the opening would have died.
        assert await fleet.dead("erp") == 0
        assert len(service.arrived) == requests


async def test_w3_half_open_lets_one_request_of_twelve_senders_through(fleet: FleetWorld, service: Service) -> None:
    service.answer = lambda _: 503
    await fleet.apply({"erp": {"url": service.url, "timeout": "20s", "breaker": {"failures": 5, "cooldown": "1s"}}})
    let_go = asyncio.Event()

    async def held(_: int) -> int:
        await let_go.wait()
        return 200

    async with fleet.senders(12):
        await fleet.deliver("erp", 200)
        await fleet.until_state("erp", "open")
        await fleet.until_consumers("erp", 0)
        service.most_in_flight, service.answer = 0, held
        await fleet.until_state("erp", "half-open")

        async def is_probed() -> bool:
            return service.in_flight == 1

        await eventually(is_probed, "a probe is there")
        # Time enough for eleven others to probe too, if they would.
        await asyncio.sleep(2)
        assert service.most_in_flight == 1
        let_go.set()
        await until_arrived(service, 200)
    assert await fleet.dead("erp") == 0


async def test_a_service_that_comes_back_gets_everything_and_nothing_died(fleet: FleetWorld, service: Service) -> None:
    service.answer = lambda _: 503
    await fleet.apply({"erp": {"url": service.url, **QUICK}})
    async with fleet.senders(2):
        await fleet.deliver("erp", 100)
        await fleet.until_state("erp", "open")
        for _ in range(3):
            probes = len(service.arrived)
            await eventually(lambda: _more(service, probes), "it is probed again")  # noqa: B023 - awaited in its turn
        service.answer = lambda _: 200
        await until_arrived(service, 100)
        await fleet.until_state("erp", "closed")
    assert await fleet.dead("erp") == 0
    assert set(service.accepted.values()) == {1}


async def test_an_open_breaker_whose_queue_is_empty_probes_with_what_comes_next(
    fleet: FleetWorld, service: Service
) -> None:
    service.answer = lambda _: 503
    await fleet.apply(
        {"erp": {"url": service.url, "retry": {"backoff": "1h"}, "breaker": {"failures": 1, "cooldown": "1s"}}}
    )
    async with fleet.senders(3):
        await fleet.deliver("erp", 1)
        await fleet.until_state("erp", "open")
        service.answer = lambda _: 200
        await asyncio.sleep(2)
        await fleet.deliver("erp", 1, first=1)
        await fleet.until_state("erp", "closed")
        await until_arrived(service, 1)


async def test_what_was_down_is_not_flooded(fleet: FleetWorld, service: Service) -> None:
    """A service that carries eight requests meets twelve senders that would send 192."""
    service.answer = lambda _: 503
    await fleet.apply(
        {"erp": {"url": service.url, "retry": {"backoff": "1s", "max_attempts": 3}, "breaker": {"cooldown": "1s"}}}
    )

    async def carries_eight(_: int) -> int:
        if service.in_flight > 8:
            return 503
        await asyncio.sleep(0.02)
        return 200

    async with fleet.senders(12):
        await fleet.deliver("erp", 1500)
        await fleet.until_state("erp", "open")
        service.answer = carries_eight
        await until_arrived(service, 1500)
    assert await fleet.dead("erp") == 0
    assert set(service.accepted.values()) == {1}


async def test_w12_a_hanging_service_delays_no_other(fleet: FleetWorld, service: Service, other: Service) -> None:
    let_go = asyncio.Event()

    async def hangs(_: int) -> int:
        await let_go.wait()
        return 200

    service.answer = hangs
    await fleet.apply({"erp": {"url": service.url, "timeout": "60s"}, "lms": {"url": other.url}})
    async with fleet.senders(1):
        await fleet.deliver("erp", 100)
        await eventually(lambda: _more(service, 15), "it hangs with all it gets")
        await fleet.deliver("lms", 200)
        await until_arrived(other, 200)
        assert service.in_flight == 16
        assert not service.accepted
        let_go.set()
        await until_arrived(service, 100)


async def test_without_redis_each_sender_goes_on_with_a_breaker_of_its_own(
    amqp_url: str, redis_server: PrivateRedis | DockerRedis, tmp_path: Path, service: Service
) -> None:
    async with a_fleet_world(amqp_url, redis_server.redis_url, tmp_path) as fleet:
        service.answer = lambda _: 503
        await fleet.apply({"erp": {"url": service.url, **QUICK}})
        await asyncio.to_thread(redis_server.kill)
        async with fleet.senders(1):
            await fleet.deliver("erp", 50)
            await eventually(lambda: _more(service, 4), "it fails")
            await fleet.until_consumers("erp", 0)
            service.answer = lambda _: 200
            await until_arrived(service, 50)
            await asyncio.to_thread(redis_server.start)
            service.answer = lambda _: 503
            await fleet.deliver("erp", 50, first=50)
            await fleet.until_state("erp", "open")
            service.answer = lambda _: 200
            await until_arrived(service, 100)
        assert await fleet.dead("erp") == 0


async def test_an_emptied_redis_opens_and_closes_nothing_for_good(fleet: FleetWorld, service: Service) -> None:
    service.answer = lambda _: 503
    await fleet.apply({"erp": {"url": service.url, **QUICK}})
    async with fleet.senders(3):
        await fleet.deliver("erp", 50)
        await fleet.until_state("erp", "open")
        await fleet.shared.client.flushdb()
        service.answer = lambda _: 200
        await until_arrived(service, 50)
    assert await fleet.dead("erp") == 0


async def _more(service: Service, than: int) -> bool:
    return len(service.arrived) > than
