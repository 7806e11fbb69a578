"""The floor: one bare process of three, with no logic, on the queues and the client library of MIH's road.

    floor.py AMQP_URL hop FROM TO          consume, publish confirmed, acknowledge
    floor.py AMQP_URL post FROM ADDRESS    consume, POST through aiohttp, acknowledge
    floor.py AMQP_URL … wire               the same on the frames that MIH writes and reads itself, and on uvloop

What a hub does besides (read, claim, match, render, ask the breaker, remember) is what it costs above this.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import cast

import aio_pika
import aiohttp
import aiormq
import uvloop
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from pipeline.broker import Outgoing
from pipeline.broker.wire import Publisher, consume, receive_quickly

#: Messages in hand: what MIH's ingest and router, and its sender for one service of the bench, have.
HOP_PREFETCH = 200
POST_PREFETCH = 64
_PERSISTENT = 2
_LONGEST_S = 120

Work = Callable[[bytes], Awaitable[object]]


async def main(url: str, kind: str, source: str, target: str, *, on_wire: bool) -> None:
    """Work until killed."""
    if on_wire:
        receive_quickly()
    if kind == "post":
        connector = aiohttp.TCPConnector(limit=POST_PREFETCH)
        async with aiohttp.ClientSession(connector=connector, headers={"Content-Type": "application/json"}) as session:
            await _consume(url, source, POST_PREFETCH, _posting(session, target), on_wire=on_wire)
    else:
        channel = await _channel(url, confirms=True)
        publishing = _publishing_on_wire if on_wire else _publishing
        await _consume(url, source, HOP_PREFETCH, publishing(channel, target), on_wire=on_wire)


def _publishing(channel: AbstractChannel, queue: str) -> Work:
    async def publish(body: bytes) -> None:
        await channel.basic_publish(
            body, routing_key=queue, properties=Basic.Properties(delivery_mode=_PERSISTENT), mandatory=True
        )

    return publish


def _publishing_on_wire(channel: AbstractChannel, queue: str) -> Work:
    publisher = Publisher(cast("aiormq.Channel", channel), _LONGEST_S)

    async def publish(body: bytes) -> None:
        await publisher.publish(Outgoing("", queue, body))

    return publish


def _posting(session: aiohttp.ClientSession, address: str) -> Work:
    async def post(body: bytes) -> None:
        async with session.post(address, data=body) as answer:
            await answer.read()
            answer.raise_for_status()

    return post


async def _consume(url: str, queue: str, prefetch: int, work: Work, *, on_wire: bool) -> None:
    channel = await _channel(url, confirms=False)
    await channel.basic_qos(prefetch_count=prefetch)
    in_hand = set()

    async def live(message: DeliveredMessage) -> None:
        await work(message.body)
        await channel.basic_ack(message.delivery_tag or 0, wait=False)

    def received(message: DeliveredMessage) -> None:
        in_hand.add(task := asyncio.create_task(live(message)))
        task.add_done_callback(in_hand.discard)

    async def called(message: DeliveredMessage) -> None:
        received(message)

    if on_wire:
        await consume(channel, queue, received)
    else:
        await channel.basic_consume(queue, called)
    await asyncio.Event().wait()


async def _channel(url: str, *, confirms: bool) -> AbstractChannel:
    connection = await aio_pika.connect(url)
    channel = await connection.channel(publisher_confirms=confirms)
    return await channel.get_underlay_channel()


if __name__ == "__main__":
    _, address, *what = sys.argv
    run = uvloop.run if what[3:] else asyncio.run
    run(main(address, *what[:3], on_wire=bool(what[3:])))
