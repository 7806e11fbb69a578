import asyncio
from time import monotonic

from pipeline.shared_state import Delivered, open_shared_state


async def test_more_questions_at_once_than_connections_are_all_answered(redis_url: str) -> None:
    async with open_shared_state(redis_url, monotonic) as shared:
        delivered = Delivered(shared)
        await asyncio.gather(*(delivered.add(str(number)) for number in range(1000)))
        known = await asyncio.gather(*(delivered.knows(str(number)) for number in range(1000)))
    assert all(known)
    assert shared.degraded == 0
