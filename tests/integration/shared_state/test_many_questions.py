import asyncio
from datetime import timedelta
from time import monotonic

from pipeline.shared_state import Claims, open_shared_state

MINUTE = timedelta(minutes=1)


async def test_more_questions_at_once_than_connections_are_all_answered(redis_url: str) -> None:
    async with open_shared_state(redis_url, monotonic) as shared:
        claims = Claims(shared)
        await asyncio.gather(*(claims.done(str(number), "id", MINUTE) for number in range(1000)))
        again = await asyncio.gather(*(claims.claim(str(number), "other", MINUTE) for number in range(1000)))
    assert all(claim.is_done for claim in again)
    assert shared.degraded == 0
