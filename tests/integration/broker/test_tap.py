"""Listening in: from now on, and with nothing left behind."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

import httpx
import pytest
from broker_world import World, a_world, eventually
from queues import WITHIN_S

from pipeline.broker import Incoming, Outgoing, announce, listen, open_session, tap
from topology import names


@pytest.fixture
async def world(amqp_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url) as world:
        yield world


@pytest.fixture
async def management(management_url: str, vhost: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{management_url}/api/queues/{vhost}", trust_env=False) as client:
        yield client


async def tell(world: World, body: str, exchange: str = names.OUTCOMES) -> None:
    await world.session.publish(Outgoing(exchange, "delivered.erp", body.encode(), mandatory=False))


async def queues_of_listeners(management: httpx.AsyncClient) -> list[dict[str, Any]]:
    queues = (await management.get("")).raise_for_status().json()
    return [queue for queue in queues if not queue["name"].startswith("mih.")]


async def test_a_tap_hears_what_passes_while_it_is_open_and_only_that(world: World) -> None:
    heard: list[str] = []
    await tell(world, "before")
    async with tap(world.session, names.OUTCOMES, lambda message: heard.append(message.body.decode())):
        await tell(world, "one")
        await tell(world, "two")
        await eventually(lambda: heard == ["one", "two"], "both are heard")
    await tell(world, "after")
    assert heard == ["one", "two"]


async def test_a_tap_takes_nothing_away_from_the_others(world: World) -> None:
    heard: list[Incoming] = []
    async with tap(world.session, names.NORMALIZED, heard.append):
        await tell(world, "one", names.NORMALIZED)
        await eventually(lambda: len(heard) == 1, "it is heard")
    assert await world.bodies(names.ROUTER, 1) == ["one"]


async def test_a_taps_queue_is_exclusive_bounded_and_gone_with_its_connection(
    world: World, management: httpx.AsyncClient
) -> None:
    async with open_session(world.url, "listener") as session, tap(session, names.OUTCOMES, lambda _: None):
        [queue] = await queues_of_listeners(management)
        assert queue["exclusive"]
        assert queue["auto_delete"]
        assert queue["arguments"]["x-max-length"] == 10_000
    for _ in range(WITHIN_S * 10):
        if not await queues_of_listeners(management):
            return
        await asyncio.sleep(0.1)
    pytest.fail("the queue stays")


async def test_a_listener_that_fails_hears_the_next(world: World) -> None:
    heard: list[str] = []

    def hear(message: Incoming) -> None:
        if message.body == b"bad":
            raise RuntimeError("a bug")
        heard.append(message.body.decode())

    async with tap(world.session, names.OUTCOMES, hear):
        await tell(world, "bad")
        await tell(world, "good")
        await eventually(lambda: heard == ["good"], "the next is heard")
    assert not world.session.lost.is_set()


async def test_a_missing_exchange_is_awaited_and_leaves_nothing_behind(
    world: World, management: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("pipeline.broker.tap"), "_MISSING_WAIT_S", 0.1)
    heard: list[str] = []
    async with tap(world.session, "later", lambda message: heard.append(message.body.decode())):
        await asyncio.sleep(1)  # nothing may come: ten rounds of looking, in which a queue would appear
        assert await queues_of_listeners(management) == []
        async with await world.session.consuming.channel() as channel:
            await channel.declare_exchange("later", "fanout")

        for _ in range(WITHIN_S * 10):
            await tell(world, "now", "later")
            if heard:
                break
            await asyncio.sleep(0.1)
        assert set(heard) == {"now"}
    assert not world.session.lost.is_set()


async def test_an_announcement_reaches_every_listener(world: World) -> None:
    async with open_session(world.url, "other") as other:
        nudges = asyncio.Event(), asyncio.Event()
        async with listen(world.session, nudges[0]), listen(other, nudges[1]):
            await announce(world.session, "revision 7")
            async with asyncio.timeout(WITHIN_S):
                await asyncio.gather(*(nudge.wait() for nudge in nudges))


async def test_an_announcement_that_nobody_hears_is_no_failure(world: World) -> None:
    await announce(world.session, "revision 7")
    assert not world.session.lost.is_set()
