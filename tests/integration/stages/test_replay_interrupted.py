"""A replay that is interrupted, or meets another one, leaves every letter in one of the two places."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from queues import without_ladder
from stages_world import TOPOLOGY, World, a_world, die

from pipeline.broker import Outgoing, open_session
from pipeline.dead_letter import headers_of_death
from pipeline.delivery import CONTENT_TYPE, Delivery, Request, read_delivery
from pipeline.dlq import Replayed, replay
from pipeline.errors import Unavailable
from pipeline.event import Event
from pipeline.outcome import Ending, Outcome
from topology import names

LETTERS = 200
IDS = {f"d{number}" for number in range(LETTERS)}
DEAD, AGAIN = names.dead_letter_queue("erp"), names.service_queue("erp")
DIED = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url, without_ladder(TOPOLOGY)) as world:
        await asyncio.gather(*(world.session.publish(letter(number)) for number in range(LETTERS)))
        yield world


def letter(number: int) -> Outgoing:
    event = Event(f"e{number}", "shop", "shop.order", {"n": number})
    delivery = Delivery(f"d{number}", "erp", "orders", 1, Request({"method": "POST"}, "{}"), event, DIED, attempt=10)
    refused = Outcome(Ending.CANNOT_PASS, "422", 422)
    headers = headers_of_death(delivery, refused, "422", DIED)
    return Outgoing(names.DLX, "erp", delivery.to_bytes(), CONTENT_TYPE, headers)


async def ids_in(world: World, queue: str) -> list[str]:
    return [read_delivery(message.body, message.headers).id for message in await world.ready(queue)]


@pytest.mark.parametrize("which", ["consuming", "publishing"])
async def test_a_replay_that_loses_its_session_in_the_middle_loses_no_letter(world: World, which: str) -> None:
    async with open_session(world.settings.amqp_url, "replay") as session:
        closing: list[asyncio.Task[None]] = []

        def progress(so_far: Replayed) -> None:
            if so_far.replayed == LETTERS // 2:
                closing.append(asyncio.create_task(getattr(session, which).close()))

        with pytest.raises(Unavailable):
            await replay(session, "erp", chosen=lambda _: True, progress=progress)
        await asyncio.gather(*closing)
    there, back = set(await ids_in(world, AGAIN)), set[str]()
    for _ in range(100):
        back.update(await ids_in(world, DEAD))
        if there | back == IDS:
            break
        await asyncio.sleep(0.05)
    assert there | back == IDS
    assert len(there) >= LETTERS // 2
    assert len(there & back) <= 1, "at most the one in hand is in both"


async def test_a_replay_that_is_cancelled_loses_no_letter(world: World) -> None:
    async with open_session(world.settings.amqp_url, "replay") as session:
        half = asyncio.Event()
        task = asyncio.create_task(
            replay(
                session,
                "erp",
                chosen=lambda letter: int(letter.delivery.id[1:]) % 2 == 0,
                progress=lambda so_far: half.set() if so_far.kept == 50 else None,
            )
        )
        await half.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await die(session)
    found = set(await ids_in(world, AGAIN))
    for _ in range(100):
        found.update(await ids_in(world, DEAD))
        if found == IDS:
            break
        await asyncio.sleep(0.05)
    assert found == IDS


async def test_two_replays_at_once_lose_no_letter(world: World) -> None:
    async with (
        open_session(world.settings.amqp_url, "one") as one,
        open_session(world.settings.amqp_url, "two") as two,
    ):
        done = await asyncio.gather(*(replay(session, "erp", chosen=lambda _: True) for session in (one, two)))
    assert sum(replayed.replayed for replayed in done) == LETTERS
    assert sorted(await ids_in(world, AGAIN)) == sorted(IDS)
    assert await world.depth(DEAD) == 0


async def test_two_replays_at_once_that_choose_differently_lose_no_letter(world: World) -> None:
    async with (
        open_session(world.settings.amqp_url, "one") as one,
        open_session(world.settings.amqp_url, "two") as two,
    ):
        await asyncio.gather(
            replay(one, "erp", chosen=lambda letter: letter.delivery.id.endswith("1")),
            replay(two, "erp", chosen=lambda letter: letter.delivery.id.endswith("2")),
        )
    there, kept = await ids_in(world, AGAIN), await ids_in(world, DEAD)
    assert sorted(there + kept) == sorted(IDS)
    assert {one[-1] for one in there} <= {"1", "2"}


async def test_a_letter_that_nobody_can_read_stays_with_its_bytes_and_holds_up_no_other(world: World) -> None:
    await world.ready(DEAD)
    await world.publish(names.DLX, "erp", b"\x00 no letter", content_type="text/plain", headers={"mih-reason": "odd"})
    await world.session.publish(letter(1))
    done = await replay(world.session, "erp", chosen=lambda _: True)
    assert done == Replayed(depth=2, replayed=1, kept=1)
    [kept] = await world.drained(DEAD, 1)
    assert (kept.body, kept.content_type, kept.headers["mih-reason"]) == (b"\x00 no letter", "text/plain", "odd")


async def test_a_letter_whose_story_is_odd_holds_up_no_other(world: World) -> None:
    await world.ready(DEAD)
    await world.session.publish(letter(1).with_headers({names.HEADER_DIED_AT: "yesterday"}))
    await world.session.publish(letter(2))
    await replay(world.session, "erp", chosen=lambda _: True)
    assert "d2" in await ids_in(world, AGAIN)


async def test_a_replayed_letter_is_a_first_attempt_and_young_again(world: World) -> None:
    await world.ready(DEAD)
    await world.session.publish(letter(1))
    await replay(world.session, "erp", chosen=lambda _: True)
    [message] = await world.drained(AGAIN, 1)
    again = read_delivery(message.body, message.headers)
    assert (again.id, again.attempt) == ("d1", 1)
    assert again.first_seen > DIED
    assert not {names.HEADER_REASON, names.HEADER_OUTCOME, "x-death"} & message.headers.keys()


async def test_a_letter_that_could_not_be_rendered_is_never_sent_as_an_empty_request(world: World) -> None:
    await world.ready(DEAD)
    event = Event("e", "shop", "shop.order")
    broken = Delivery("d", "erp", "orders", 1, None, event, DIED)
    await world.publish(names.DLX, "erp", broken.to_bytes(), content_type=CONTENT_TYPE, headers=broken.headers())
    done = await replay(world.session, "erp", chosen=lambda _: True)
    assert (done.replayed, done.kept) == (0, 1)
    assert (await world.depth(DEAD), await world.depth(AGAIN)) == (1, 0)
