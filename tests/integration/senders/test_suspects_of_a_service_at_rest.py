"""`mih suspect` and a service that rests: what was suspect waits with the others."""

import asyncio
import os
import sys
from datetime import UTC, datetime

import pytest
from fleet_world import FleetWorld
from http_service import Service
from queues import WITHIN_S

from pipeline.delivery import CONTENT_TYPE, Delivery, Request
from pipeline.event import Event
from pipeline.registry.interventions import Intervention, Kind
from topology import names


@pytest.mark.parametrize("kind", [Kind.PAUSED, Kind.BREAKER_OPEN])
async def test_a_suspect_of_a_service_that_rests_waits_in_its_queue(
    fleet: FleetWorld, service: Service, kind: Kind
) -> None:
    """A service that was paused for maintenance was sent what was suspect."""
    await fleet.apply({"erp": {"url": service.url}})
    await fleet.said.put(Intervention(kind, "erp", "ada", "maintenance", datetime.now(UTC)))
    event = Event("e1", "shop", "shop.order", {})
    request = Request({"method": "POST"}, '{"number": 1}')
    delivery = Delivery("erp-1", "erp", "orders", 1, request, event, datetime.now(UTC))
    body, headers = delivery.to_bytes(), delivery.headers()
    await fleet.publish("", names.suspect_queue("sender"), body, content_type=CONTENT_TYPE, headers=headers)
    settings = {
        f"MIH_{name.upper()}": str(getattr(fleet.settings, name)) for name in ("amqp_url", "redis_url", "state_dir")
    }
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pipeline.cli",
        "suspect",
        env={**os.environ, **settings, "MIH_ALLOWED_NETWORKS": "127.0.0.0/8"},
        stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await fleet.until_depth(names.suspect_queue("sender"), 0)
        await fleet.until_depth(names.service_queue("erp"), 1)
    finally:
        worker.terminate()
        await asyncio.wait_for(worker.wait(), WITHIN_S)
    assert not service.arrived
