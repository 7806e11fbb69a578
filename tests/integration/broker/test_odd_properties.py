"""Any publisher may write any bytes into a property, and nobody else suffers for it."""

from collections.abc import AsyncIterator

import aio_pika
import pytest
from broker_world import Taker, World, a_world, consuming, eventually
from odd_properties import ODD, publish_oddly

from pipeline.broker import Incoming, rejected
from topology import names


@pytest.fixture
async def world(amqp_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url) as world:
        yield world


async def test_messages_with_odd_properties_are_taken_like_all_others(world: World) -> None:
    taker = Taker()
    for odd in ODD:
        await publish_oddly(world.url, names.INGEST, odd.encode(), odd)
    await world.publish(names.INGEST, "ordinary")
    async with consuming(world.session, names.INGEST, taker.take):
        await eventually(lambda: set(taker.bodies) == {*ODD, "ordinary"}, "all are taken")
    assert not world.session.lost.is_set()
    assert await world.depth(names.INGEST) == 0


async def test_messages_with_odd_properties_become_suspects_like_all_others(world: World) -> None:
    async def fail(_: Incoming) -> None:
        raise RuntimeError("a bug")

    for odd in ODD:
        await publish_oddly(world.url, names.INGEST, odd.encode(), odd)
    async with consuming(world.session, names.INGEST, fail):
        assert set(await world.bodies(names.suspect_queue("ingest"), len(ODD))) == set(ODD)
    assert not world.session.lost.is_set()


async def test_headers_that_fill_a_frame_close_no_connection(world: World) -> None:
    """RabbitMQ takes them, and would take not one byte more, as the reason for which they are rejected."""

    async def reject(message: Incoming) -> None:
        await world.session.publish(rejected(message, names.INVALID_KEY, "a reason " * 20))

    async with await aio_pika.connect(world.url) as connection:
        exchange = await (await connection.channel()).get_exchange("mih.events", ensure=False)
        endless = aio_pika.Message(b"endless", headers={"mih-source": "campus", "mih-endless": "a" * 130_900})
        await exchange.publish(endless, "any.key")
    async with consuming(world.session, names.INGEST, reject):
        [kept] = await world.drained(names.INVALID, 1)
    assert (kept.body, kept.headers["mih-source"]) == (b"endless", "campus")
    assert not world.session.lost.is_set()


async def test_what_can_be_read_of_odd_properties_is_read(world: World) -> None:
    for odd in ODD:
        await publish_oddly(world.url, names.INGEST, odd.encode(), odd)
    read = {message.body.decode(): message for message in await world.drained(names.INGEST, len(ODD))}
    assert read["a content type in Latin-1"].content_type == "cafs"
    assert read["a header's name in Latin-1"].headers["caf"] == "a"
    assert read["a header in microseconds"].headers["mih-at"] is None
    assert read["no text in a header"].headers["mih-text"] == b"\xff\xfe"
