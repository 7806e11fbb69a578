import asyncio

from fleet_world import FleetWorld

from pipeline.health.conditions import standing


async def test_a_service_that_cannot_be_opened_shows_in_the_health_of_its_sender(fleet: FleetWorld) -> None:
    """Its deliveries waited, and the sender called itself ready without a word of it."""
    await fleet.apply({"erp": {"url": "http://127.0.0.1:9", "auth": {"type": "bearer", "token": "env:NOWHERE"}}})
    async with fleet.senders(1), asyncio.timeout(20):
        while "not served: erp" not in standing().impaired:  # noqa: ASYNC110 - conditions are asked, they tell nobody
            await asyncio.sleep(0.05)
        await fleet.apply({"erp": {"url": "http://127.0.0.1:9"}})
        while standing().impaired:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.05)
