"""A service behind each breaker that there is."""

from collections.abc import AsyncIterator
from time import monotonic

import pytest
from breaker_suite import Guarded

from pipeline.attempt.breaker import MemoryBreaker
from pipeline.shared_state import open_shared_state
from pipeline.shared_state.breaker import Breakers


@pytest.fixture(params=["memory", "redis"])
async def service(request: pytest.FixtureRequest) -> AsyncIterator[Guarded]:
    if request.param == "memory":
        yield Guarded(MemoryBreaker())
        return
    async with open_shared_state(request.getfixturevalue("redis_url"), monotonic) as shared:
        yield Guarded(Breakers(shared))
