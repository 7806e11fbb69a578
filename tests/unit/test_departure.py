import asyncio

import pytest

from pipeline.departure import Departure

FOREVER_S = 3600
BOUND_S = 10

Gone = asyncio.Queue[None]


@pytest.fixture
def gone() -> Gone:
    return asyncio.Queue()


@pytest.fixture
def departure(gone: Gone) -> Departure:
    return Departure(lambda: gone.put_nowait(None))


async def all_moments_are_over() -> None:
    await asyncio.sleep(0.01)  # timers run in the order of their time: this one behind all that were set for now


async def test_what_cannot_wait_goes_at_once_and_takes_along_what_can(departure: Departure, gone: Gone) -> None:
    departure.within(0)
    departure.now()
    assert gone.qsize() == 1
    await all_moments_are_over()
    assert gone.qsize() == 1


async def test_what_can_wait_goes_by_itself_with_what_waits_already(departure: Departure, gone: Gone) -> None:
    departure.within(0.001)
    departure.within(FOREVER_S)
    async with asyncio.timeout(BOUND_S):
        await gone.get()


async def test_what_is_cancelled_does_not_go_and_may_be_set_anew(departure: Departure, gone: Gone) -> None:
    departure.within(0)
    departure.within(0)
    departure.cancel()
    await all_moments_are_over()
    assert gone.empty()
    departure.within(0)
    async with asyncio.timeout(BOUND_S):
        await gone.get()
