"""What ends within the same moment is acknowledged together, and what comes next does not wait for that."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from broker_world import Taker, World, a_world, consuming, eventually

from pipeline.broker import Incoming, acknowledger
from topology import names

FOREVER_S = 3600


@pytest.fixture
async def world(amqp_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url) as world:
        yield world


async def test_what_ends_one_after_the_other_is_acknowledged_in_one_word(
    world: World, acknowledged: list[tuple[int, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledger, "_TOGETHER_S", 1)
    go = [asyncio.Event() for _ in range(10)]
    taker = Taker(doing=lambda message: go[int(message.body)].wait())
    await world.publish(names.INGEST, *map(str, range(10)))
    async with consuming(world.session, names.INGEST, taker.take, prefetch=100):
        await eventually(lambda: len(taker.taken) == 10, "all are in hand")
        for event in go:
            event.set()
            for _ in range(20):
                await asyncio.sleep(0)  # turns of the loop, in which this one would be acknowledged by itself
        await eventually(lambda: bool(acknowledged), "the moment is over")
    assert acknowledged == [(10, True)]
    assert await world.depth(names.INGEST) == 0


async def test_a_fourth_of_what_may_be_in_hand_waits_for_no_company(
    world: World, acknowledged: list[tuple[int, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledger, "_TOGETHER_S", FOREVER_S)
    taker = Taker(doing=lambda _: asyncio.sleep(0))
    await world.publish(names.INGEST, *map(str, range(40)))
    async with consuming(world.session, names.INGEST, taker.take, prefetch=8):
        await eventually(lambda: len(taker.taken) == 40, "all have come, five times as many as may be in hand")
        assert acknowledged


async def test_what_is_on_its_way_again_is_acknowledged_at_once_with_what_ended_before_it(
    world: World, acknowledged: list[tuple[int, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledger, "_TOGETHER_S", FOREVER_S)

    async def take(message: Incoming) -> bool:
        return message.body == b"onward"

    await world.publish(names.INGEST, "done", "done", "onward")
    async with consuming(world.session, names.INGEST, take, prefetch=100):
        await eventually(lambda: bool(acknowledged), "the third is acknowledged")
        assert acknowledged == [(3, True)]


async def test_the_last_words_are_said_though_their_moment_is_not_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledger, "_TOGETHER_S", FOREVER_S)
    taker = Taker()
    await world.publish(names.INGEST, "a", "b")
    async with consuming(world.session, names.INGEST, taker.take, prefetch=100):
        await eventually(lambda: taker.bodies == ["a", "b"], "both have come")
    assert await world.depth(names.INGEST) == 0
