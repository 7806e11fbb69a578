"""What a probe is: one request that was sent and whose answer could be settled, given back where it was none."""

import asyncio
from datetime import UTC, datetime

from fleet_world import FleetWorld
from http_service import Service
from stages_world import eventually
from structlog.testing import capture_logs

from pipeline.delivery import CONTENT_TYPE, Delivery
from pipeline.event import Event
from pipeline.shared_state.breaker import Breakers
from topology import names

DOWN = {"breaker": {"failures": 1, "cooldown": "1s"}, "retry": {"backoff": "1h"}}


async def test_what_cannot_be_sent_says_nothing_of_the_service(fleet: FleetWorld, service: Service) -> None:
    """Deliveries that could not be rendered closed the breaker of a service that was down."""
    service.answer = lambda _: 503
    await fleet.apply({"erp": {"url": service.url, **DOWN}})
    async with fleet.senders(2):
        await fleet.deliver("erp", 1)
        await fleet.until_state("erp", "open")
        await fleet.until_consumers("erp", 0)
        with capture_logs() as logs:
            await _unrendered(fleet, 5)
            await fleet.until_depth(names.dead_letter_queue("erp"), 5)
            assert (await fleet.standing("erp")).state != "closed"
        assert not [one for one in logs if one["event"] == "breaker"]
        # What opened the breaker comes again with the first probe.
        assert {request["body"]["number"] for request in service.arrived} == {0}


async def test_the_probe_of_a_sender_that_stops_is_given_back(fleet: FleetWorld, service: Service) -> None:
    """Nobody probed a service for as long as an attempt might have taken, and ten seconds more."""
    service.answer = lambda _: 503
    let_go = asyncio.Event()

    async def hangs(_: int) -> int:
        await let_go.wait()
        return 200

    await fleet.apply({"erp": {"url": service.url, "timeout": "120s", **DOWN}})
    async with fleet.senders(1):
        await fleet.deliver("erp", 2)
        await fleet.until_state("erp", "open")
        await fleet.deliver("erp", 2, first=2)
        service.answer = hangs
        await fleet.until_state("erp", "half-open")
        await eventually(lambda: _is_probed(service), "the probe hangs")
    assert (await fleet.standing("erp")).state == "open"
    service.answer = lambda _: 200
    async with fleet.senders(1):
        await fleet.until_state("erp", "closed")
    let_go.set()


async def test_a_breaker_that_is_open_while_nothing_waits_is_no_news(fleet: FleetWorld, service: Service) -> None:
    """Each sender takes and gives back the probe's lease, each second, for as long as it lasts."""
    service.answer = lambda _: 503
    await fleet.apply({"erp": {"url": service.url, **DOWN}})
    with capture_logs() as logs:
        async with fleet.senders(2):
            await fleet.deliver("erp", 1)
            await fleet.until_state("erp", "open")
            versions = [await Breakers(fleet.shared).version()]

            async def has_probed() -> bool:
                versions.append(await Breakers(fleet.shared).version())
                return versions[-1] >= versions[0] + 8

            await eventually(has_probed, "four probes found nothing")
    assert len([one for one in logs if one["event"] == "breaker"]) == 2


async def _is_probed(service: Service) -> bool:
    return service.in_flight == 1


async def _unrendered(fleet: FleetWorld, count: int) -> None:
    for number in range(count):
        event = Event(f"u{number}", "shop", "shop.order", {})
        delivery = Delivery(f"unrendered-{number}", "erp", "orders", 1, None, event, datetime.now(UTC))
        await fleet.publish(
            names.SERVICES, "erp", delivery.to_bytes(), content_type=CONTENT_TYPE, headers=delivery.headers()
        )
