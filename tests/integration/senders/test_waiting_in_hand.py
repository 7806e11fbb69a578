"""What waits in hand ends with its line, and hears what people say."""

import asyncio
from datetime import UTC, datetime
from itertools import count

from fleet_world import FleetWorld
from http_service import Service
from stages_world import eventually

from pipeline.registry.interventions import Intervention, Kind
from topology import names


async def test_a_sender_that_stops_returns_nothing_that_only_waited(fleet: FleetWorld, service: Service) -> None:
    """Three returns make a message suspect: a service that hangs and three restarts would, of all that waited."""
    let_go = asyncio.Event()
    service.answer = lambda _: _after(let_go)
    await fleet.apply({"erp": {"url": service.url, "timeout": "60s", "concurrency": 2}})
    await fleet.deliver("erp", 30)
    async with fleet.senders(1):
        await eventually(lambda: _in_flight(service, 2), "it hangs")
        await fleet.until_depth(names.service_queue("erp"), 0)
    let_go.set()
    returned = [one.returned for one in await fleet.drained(names.service_queue("erp"), 30)]
    assert sum(returned) <= 2


async def test_what_waits_in_hand_dies_when_its_rule_is_stopped(
    fleet: FleetWorld, service: Service, other: Service
) -> None:
    let_go = asyncio.Event()
    service.answer = lambda _: _after(let_go)
    await fleet.apply({"erp": {"url": service.url, "timeout": "60s", "concurrency": 1}, "lms": {"url": other.url}})
    async with fleet.senders(1):
        await fleet.deliver("erp", 2)
        await eventually(lambda: _in_flight(service, 1), "it hangs")
        await fleet.until_depth(names.service_queue("erp"), 0)
        await fleet.said.put(Intervention(Kind.STOPPED, "orders", "ada", "wrong course", datetime.now(UTC)))
        numbers = count()

        async def is_in_force() -> bool:
            await fleet.deliver("lms", 1, first=next(numbers))
            return await fleet.dead("lms") > 0

        await eventually(is_in_force, "it is in force")
        let_go.set()
        await fleet.until_depth(names.dead_letter_queue("erp"), 1)
    assert len(service.arrived) == 1


async def _after(event: asyncio.Event) -> int:
    await event.wait()
    return 200


async def _in_flight(service: Service, count: int) -> bool:
    return service.in_flight == count
