from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fleet_world import FleetWorld, a_fleet_world
from http_service import Service, running_service


@pytest.fixture
async def fleet(amqp_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[FleetWorld]:
    async with a_fleet_world(amqp_url, redis_url, tmp_path) as world:
        yield world


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with running_service() as service:
        yield service


@pytest.fixture
async def other() -> AsyncIterator[Service]:
    async with running_service() as service:
        yield service
