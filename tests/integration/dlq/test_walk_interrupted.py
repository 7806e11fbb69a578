"""A walk that is interrupted, or meets another one, leaves every letter in its queue or on its way."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from letters import AGAIN, DEAD, ids_in, letter, number_of, replaying
from queues import until, without_ladder
from stages_world import TOPOLOGY, World, a_world, die, eventually, registry_of

from pipeline.broker import open_session
from pipeline.dlq import Walk, Walked
from pipeline.errors import Unavailable

LETTERS = 200
IDS = {f"d{number}" for number in range(LETTERS)}
REGISTRY = registry_of(("shop.order", "erp"))


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url, without_ladder(TOPOLOGY)) as world:
        await asyncio.gather(*(world.session.publish(letter(number)) for number in range(LETTERS)))
        yield world


async def walk_on(world: World) -> Walked:
    """Walk again, once the broker has noticed that the last one ended, and replay what has an even number."""

    async def is_free() -> bool:
        try:
            ended.append(await Walk(session=world.session, place="erp", decide=even).run())
        except Unavailable:
            return False
        return True

    ended: list[Walked] = []
    await eventually(is_free, "the lease ends")
    return ended[0]


even = replaying(REGISTRY, lambda message: number_of(message) % 2 == 0)
EVEN = {f"d{number}" for number in range(0, LETTERS, 2)}


@pytest.mark.parametrize("which", ["consuming", "publishing"])
@pytest.mark.parametrize("after", [1, 37, 99])
async def test_a_walk_that_loses_a_connection_loses_no_letter_and_the_next_one_removes_repeats(
    world: World, which: str, after: int
) -> None:
    async with open_session(world.settings.amqp_url, "replay") as session:
        closing: list[asyncio.Task[None]] = []

        def progress(so_far: Walked) -> None:
            if so_far.met >= after and not closing:
                closing.append(asyncio.create_task(getattr(session, which).close()))

        with pytest.raises(Unavailable):
            await Walk(session=session, place="erp", decide=even, progress=progress).run()
        await asyncio.gather(*closing)
    await walk_on(world)
    there, back = await ids_in(world, AGAIN), await ids_in(world, DEAD)
    assert set(there) == EVEN
    assert sorted(back) == sorted(IDS - EVEN), "what is kept is there once"


async def test_a_walk_that_is_cancelled_loses_no_letter(world: World) -> None:
    async with open_session(world.settings.amqp_url, "replay") as session:
        half: list[Walked] = []
        walk = Walk(session=session, place="erp", decide=even, progress=half.append)
        task = asyncio.create_task(walk.run())
        await until(lambda: bool(half) and half[-1].met >= LETTERS // 2, lambda: "no half was reached")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await die(session)
    await walk_on(world)
    there, back = await ids_in(world, AGAIN), await ids_in(world, DEAD)
    assert set(there) == EVEN
    assert sorted(back) == sorted(IDS - EVEN)


async def test_a_walk_that_is_told_to_end_settles_what_it_has_in_hand(world: World) -> None:
    enough = asyncio.Event()

    def progress(so_far: Walked) -> None:
        if so_far.met >= LETTERS // 4:
            enough.set()

    walk = Walk(session=world.session, place="erp", decide=even, progress=progress, until=enough)
    done = await walk.run()
    assert done.interrupted
    assert LETTERS // 4 <= done.met < LETTERS
    await world.until_depth(DEAD, LETTERS - done.sent)
    assert await world.depth(AGAIN) == done.sent
    assert sorted(await ids_in(world, AGAIN) + await ids_in(world, DEAD)) == sorted(IDS), "none is in both places"


async def test_of_two_walks_at_once_the_second_is_refused(world: World) -> None:
    asked = asyncio.Event()
    go_on = asyncio.Event()

    async def room() -> int:
        asked.set()
        await go_on.wait()
        return LETTERS

    async with open_session(world.settings.amqp_url, "other") as other:
        first = asyncio.create_task(Walk(session=other, place="erp", decide=even, room=room).run())
        await asked.wait()
        with pytest.raises(Unavailable, match=r"mih\.dlq\.erp: another replay or discard is at work on it"):
            await Walk(session=world.session, place="erp", decide=even).run()
        go_on.set()
        done = await first
    assert (done.sent, done.kept) == (LETTERS // 2, LETTERS // 2)
    assert (await walk_on(world)).kept == LETTERS // 2, "the lease ended with its walk"
