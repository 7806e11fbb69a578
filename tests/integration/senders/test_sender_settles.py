"""A sender: one request for one attempt, whatever happens to what is published after it."""

import asyncio

import orjson
import pytest
from fleet_world import FleetWorld, until_arrived
from http_service import Service
from stages_world import eventually

from pipeline.broker import acknowledger
from topology import names

LATE = {"retry": {"backoff": "60s"}}


async def full_listener(fleet: FleetWorld) -> None:
    """Somebody listens to outcomes with a queue that takes no more."""
    await fleet.listening("listener", names.OUTCOMES, "#", {"x-max-length": 1, "x-overflow": "reject-publish"})
    await fleet.publish("", "listener", b"first")


async def test_a_listener_that_takes_no_more_outcomes_costs_no_second_request(
    fleet: FleetWorld, service: Service
) -> None:
    await full_listener(fleet)
    service.answer = lambda _: 503
    await fleet.apply({"erp": {"url": service.url, **LATE}})
    async with fleet.senders(1):
        await fleet.deliver("erp", 2)

        async def both_wait() -> bool:
            return await fleet.waiting() == 2

        await eventually(both_wait, "both wait in the ladder")
    assert await fleet.depth(names.service_queue("erp")) == 0
    assert sorted(one["key"] for one in service.arrived) == ["erp-0", "erp-1"]


async def test_a_delivery_that_comes_again_after_it_arrived_is_not_sent_again(
    fleet: FleetWorld, service: Service
) -> None:
    await fleet.apply({"erp": {"url": service.url, **LATE}})
    async with fleet.senders(1):
        await fleet.deliver("erp", 1)
        await until_arrived(service, 1)
        await fleet.deliver("erp", 2)
        await until_arrived(service, 2)
        await fleet.until_depth(names.service_queue("erp"), 0)
    assert [one["key"] for one in service.arrived] == ["erp-0", "erp-1"]


async def test_w6_what_arrived_and_timed_out_is_sent_again_under_the_same_idempotency_key(
    fleet: FleetWorld, service: Service
) -> None:
    much_later = asyncio.Event()

    async def too_late_at_first(number: int) -> int:
        if number == 1:
            await much_later.wait()
        return 200

    service.answer = too_late_at_first
    await fleet.apply({"erp": {"url": service.url, "timeout": "1s", "retry": {"backoff": "1s"}}})
    async with fleet.senders(1):
        await fleet.deliver("erp", 1)
        await until_arrived(service, 1)
    much_later.set()
    assert [one["key"] for one in service.arrived] == ["erp-0", "erp-0"]


@pytest.mark.parametrize("status", [503, 422], ids=["to the ladder", "to the dead letters"])
async def test_what_went_onward_is_acknowledged_at_once_lest_a_sender_that_dies_send_it_twice(
    fleet: FleetWorld,
    service: Service,
    acknowledged: list[tuple[int, bool]],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    monkeypatch.setattr(acknowledger, "_TOGETHER_S", 3600)
    service.answer = lambda _: status
    await fleet.apply({"erp": {"url": service.url, **LATE}})
    async with fleet.senders(1):
        await fleet.deliver("erp", 1)

        async def is_acknowledged() -> bool:
            return bool(acknowledged)

        await eventually(is_acknowledged, "it is acknowledged")


async def test_w9_a_dead_letter_tells_what_the_service_answered(fleet: FleetWorld, service: Service) -> None:
    service.answer = lambda _: 422
    await fleet.apply({"erp": {"url": service.url}})
    async with fleet.senders(1):
        await fleet.deliver("erp", 1)
        [dead] = await fleet.drained(names.dead_letter_queue("erp"), 1)
    [attempt] = orjson.loads(dead.headers[names.HEADER_STORY])
    assert (attempt["status"], attempt["answer"]) == (422, '{"ok": false}')
    assert "422" in dead.headers[names.HEADER_REASON]
