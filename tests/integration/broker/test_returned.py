"""A message that came back three times goes unparsed to the suspects: it may be what killed its process."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aio_pika
import pytest
from broker_world import Taker, World, a_world, consuming, eventually

from pipeline.broker import open_getter
from topology import names

SUSPECTS = names.suspect_queue("ingest")


@pytest.fixture
async def world(amqp_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url) as world:
        yield world


async def give_back(world: World, queue: str, times: int) -> None:
    """Take the message at the head in hand and go away without a word."""
    for _ in range(times):
        await world.until_depth(queue, 1)
        async with open_getter(world.session) as getter:
            assert await getter.get(queue)


async def publish_richly(world: World) -> None:
    """With properties and headers of all sorts, as a publisher may."""
    async with await aio_pika.connect(world.url) as connection:
        exchange = await (await connection.channel()).get_exchange("mih.events", ensure=False)
        message = aio_pika.Message(
            b"\x00\xff not JSON",
            content_type="application/x-unknown",
            content_encoding="identity",
            app_id="shop",
            message_id="a-b-c",
            reply_to="nobody",
            priority=3,
            timestamp=datetime(2026, 11, 20, tzinfo=UTC),
            headers={
                "ce-id": "1",
                "ce-time": datetime(2026, 11, 20, tzinfo=UTC),
                "cloudEvents:type": "a.b",
                "mih-source": "campus",
                "mih-version": 1,
                "CC": ["mih.router"],
                "x-delivery-count": 99,
                "x-death": [{"queue": "mih.suspect.ingest", "reason": "expired", "count": 1}],
                "x-mine": "mine",
            },
        )
        await exchange.publish(message, "any.key")


async def test_a_message_that_came_back_twice_is_taken(world: World) -> None:
    taker = Taker()
    await world.publish(names.INGEST, "a")
    await give_back(world, names.INGEST, 2)
    async with consuming(world.session, names.INGEST, taker.take):
        await eventually(lambda: taker.bodies == ["a"], "it is taken")
    assert taker.taken[0].returned == 2


async def test_a_message_that_came_back_three_times_is_not_taken_but_suspect(world: World) -> None:
    taker = Taker()
    await world.publish(names.INGEST, "a")
    await give_back(world, names.INGEST, 3)
    await world.publish(names.INGEST, "b")
    async with consuming(world.session, names.INGEST, taker.take):
        [suspect] = await world.drained(SUSPECTS, 1)
        await eventually(lambda: taker.bodies == ["b"], "the other is taken")
    assert (suspect.body, suspect.returned) == (b"a", 0)
    assert await world.depth(names.INGEST) == 0


async def test_a_suspect_keeps_its_bytes_and_what_a_format_reads_and_nothing_of_the_broker(world: World) -> None:
    taker = Taker()
    await publish_richly(world)
    await give_back(world, names.INGEST, 3)
    async with consuming(world.session, names.INGEST, taker.take):
        [suspect] = await world.drained(SUSPECTS, 1)
    assert suspect.body == b"\x00\xff not JSON"
    assert suspect.content_type == "application/x-unknown"
    assert suspect.content_encoding == "identity"
    assert suspect.app_id == "shop"
    assert {name: value for name, value in suspect.headers.items() if name != "x-delivery-count"} == {
        "ce-id": "1",
        "ce-time": "2026-11-20T00:00:00+00:00",
        "cloudEvents:type": "a.b",
        "mih-source": "campus",
        "mih-version": 1,
    }
    assert suspect.returned == suspect.headers.get("x-delivery-count", 0) == 0
    assert await world.depth(names.ROUTER) == 0


async def test_a_count_that_a_publisher_wrote_makes_nobody_suspect(world: World) -> None:
    taker = Taker()
    await publish_richly(world)
    async with consuming(world.session, names.INGEST, taker.take):
        await eventually(lambda: bool(taker.taken), "it is taken")
    assert taker.taken[0].returned == 0
    assert await world.depth(SUSPECTS) == 0


async def test_a_message_is_not_lost_where_its_suspect_queue_is_missing(world: World) -> None:
    await world.publish(names.INGEST, "a")
    await give_back(world, names.INGEST, 3)
    async with consuming(world.session, names.INGEST, Taker().take, stage="nobody"):
        await world.until_depth(names.INGEST, 0)
        world.session.lost.set()
    assert await world.bodies(names.INGEST, 1) == ["a"]
