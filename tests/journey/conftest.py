"""A hub on this test's virtual host, with nothing started yet, and a service for it to deliver to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hub_world import Hub, Service, hub_of, running_service


@pytest.fixture
async def hub(amqp_url: str, redis_url: str, management_url: str, tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_of(amqp_url, redis_url, management_url, tmp_path) as hub:
        yield hub


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with running_service() as service:
        yield service
