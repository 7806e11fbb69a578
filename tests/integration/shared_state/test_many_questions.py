import asyncio
from datetime import timedelta
from random import random
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


async def test_whoever_is_cancelled_while_redis_answers_ends(redis_url: str) -> None:
    """A loop of a session that was over asked on for ever: the client had lost its cancellation."""
    async with open_shared_state(redis_url, monotonic) as shared:

        async def asks_on() -> None:
            while True:
                await shared.ask(shared.client.ping, otherwise=False)

        for _ in range(300):
            asking = [asyncio.create_task(asks_on()) for _ in range(8)]
            await asyncio.sleep(random() / 200)
            for task in asking:
                task.cancel()
            _, left = await asyncio.wait(asking, timeout=2)
            assert not left


async def test_whoever_is_cancelled_takes_no_other_question_along(redis_url: str) -> None:
    async with open_shared_state(redis_url, monotonic) as shared:
        claims = Claims(shared)
        asking = [asyncio.create_task(claims.claim(str(number), "id", MINUTE)) for number in range(300)]
        await asyncio.sleep(0)
        for task in asking[::2]:
            task.cancel()
        answers = await asyncio.gather(*asking[1::2])
    assert {claim.id for claim in answers} == {"id"}
    assert shared.degraded == 0


async def test_a_script_that_redis_forgot_is_sent_again(redis_url: str) -> None:
    async with open_shared_state(redis_url, monotonic) as shared:
        claims = Claims(shared)
        await claims.claim("a", "id", MINUTE)
        await shared.client.script_flush()
        answers = await asyncio.gather(*(claims.claim(str(number), "id", MINUTE) for number in range(50)))
    assert {claim.id for claim in answers} == {"id"}
    assert shared.degraded == 0


async def test_a_question_that_cannot_be_put_fails_alone(redis_url: str) -> None:
    async with open_shared_state(redis_url, monotonic) as shared:
        asked = [shared.trips.ask("ECHO", text) for text in ("good", "half a character: \ud800", "as good")]
        first, broken, last = await asyncio.gather(*asked, return_exceptions=True)
    assert (first, last) == (b"good", b"as good")
    assert isinstance(broken, UnicodeEncodeError)


async def test_answers_that_trickle_in_make_nobody_wait_for_the_last(redis_url: str) -> None:
    async with open_shared_state(redis_url, monotonic) as shared:
        # Each answer comes in time for itself; all of them would take many seconds.
        slow = [shared.trips.ask("BLPOP", "mih:none", "0.3") for _ in range(30)]
        answers = await asyncio.gather(*slow, return_exceptions=True)
        assert {type(answer) for answer in answers} == {TimeoutError}
        assert await shared.trips.ask("ECHO", "on") == b"on"
