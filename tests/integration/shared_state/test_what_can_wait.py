"""What can wait travels with the next question, or after a moment by itself."""

import asyncio
from time import monotonic

import pytest

from pipeline.shared_state import SharedState, open_shared_state, trips

FOREVER_S = 3600
BOUND_S = 10


async def travelled(shared: SharedState) -> int:
    """Trips so far: what Redis read at once is one read of its socket."""
    return int((await shared.client.info("stats"))["total_reads_processed"])


async def test_it_travels_with_the_next_question(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trips, "_PATIENCE_S", FOREVER_S)
    async with open_shared_state(redis_url, monotonic) as shared, asyncio.timeout(BOUND_S):
        await shared.trips.ask("PING")
        before = await travelled(shared)
        patient = [asyncio.create_task(shared.trips.ask("ECHO", number, can_wait=True)) for number in range(20)]
        await asyncio.sleep(0)
        assert await shared.trips.ask("ECHO", "now") == b"now"
        assert await asyncio.gather(*patient) == [str(number).encode() for number in range(20)]
        # The second look is a read, too.
        assert await travelled(shared) - before == 1 + 1


async def test_it_travels_by_itself_where_nobody_asks(redis_url: str) -> None:
    async with open_shared_state(redis_url, monotonic) as shared, asyncio.timeout(BOUND_S):
        for number in range(3):
            assert await shared.trips.ask("ECHO", number, can_wait=True) == str(number).encode()


async def test_what_comes_while_a_trip_is_under_way_has_a_departure_of_its_own(redis_url: str) -> None:
    async with open_shared_state(redis_url, monotonic) as shared, asyncio.timeout(BOUND_S):
        for _ in range(50):
            first = asyncio.create_task(shared.trips.ask("ECHO", "a"))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert await shared.trips.ask("ECHO", "b", can_wait=True) == b"b"
            assert await first == b"a"


async def test_it_travels_after_a_trip_that_was_in_vain(redis_url: str) -> None:
    async with open_shared_state(redis_url, monotonic) as shared, asyncio.timeout(BOUND_S):
        vain = [asyncio.create_task(shared.trips.ask("BLPOP", "mih:none", "30")) for _ in range(2)]
        also = asyncio.create_task(shared.trips.ask("ECHO", "b", can_wait=True))
        ends = await asyncio.gather(*vain, also, return_exceptions=True)
        assert all(isinstance(end, Exception) for end in ends)
        assert await shared.trips.ask("ECHO", "c", can_wait=True) == b"c"
