"""The census: what lies in which queue when the roles have stopped. Looking empties the queues."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import aio_pika
import httpx
import orjson
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from judge import Duty, Found

from pipeline.delivery import read_delivery
from pipeline.errors import Unreadable
from pipeline.event import read_event
from topology import names

#: A program of somebody else that hears every event the hub understood.
WITNESS = "lab.witness"
#: Seconds until the broker has noticed that a role is there, or gone.
_WITHIN_S = 60
#: Copies for the index of the dead: each of them lies in its dead-letter queue, too.
_COPIES = (names.DEAD, names.suspect_queue("recorder"))
_OF_EVENTS = (names.ROUTER, names.suspect_queue("router"))
_RAW = (names.INGEST, names.suspect_queue("ingest"))


async def bind_witness(amqp_url: str) -> None:
    async with _channel(amqp_url) as channel:
        queue = await channel.declare_queue(WITNESS, durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind(names.NORMALIZED, "#")


async def depths(amqp_url: str, queues: Iterable[str]) -> dict[str, int]:
    """Messages that are ready in each; those in a consumer's hand are not."""
    async with _channel(amqp_url) as channel:
        return {name: (await _declared(channel, name)).message_count or 0 for name in queues}


async def until_consumed(amqp_url: str, queues: Iterable[str]) -> None:
    """Until each of them has a consumer."""
    async with _channel(amqp_url) as channel, asyncio.timeout(_WITHIN_S):
        for name in queues:
            while not (await _declared(channel, name)).consumer_count:  # noqa: ASYNC110 - the broker must be asked
                await asyncio.sleep(0.1)


async def queues_of(amqp_url: str, management_url: str) -> list[str]:
    """The names of all queues of this virtual host."""
    vhost = quote(urlsplit(amqp_url).path[1:], safe="")
    async with httpx.AsyncClient(base_url=f"{management_url}/api", timeout=30, trust_env=False) as management:
        found = (await management.get(f"/queues/{vhost}", params={"columns": "name"})).raise_for_status().json()
    return sorted(queue["name"] for queue in found)


async def census(amqp_url: str, management_url: str) -> Found:
    """Empty every queue, and file what lay there."""
    found = Found()
    for queue in await queues_of(amqp_url, management_url):
        async with _channel(amqp_url) as channel:
            async for message in _taken(channel, queue):
                try:
                    _file(found, queue, message)
                except (Unreadable, ValueError, KeyError, TypeError) as odd:
                    found.unknown.append(f"a message in {queue} that cannot be read: {odd}"[:300])
    return found


async def _taken(channel: AbstractChannel, name: str) -> AsyncIterator[AbstractIncomingMessage]:
    """Take what is there once nobody consumes any more, so that what was in a hand has come back."""
    async with asyncio.timeout(_WITHIN_S):
        while (await _declared(channel, name)).consumer_count:  # noqa: ASYNC110 - the broker must be asked
            await asyncio.sleep(0.1)
    queue = await channel.get_queue(name, ensure=False)
    while message := await queue.get(no_ack=True, fail=False):
        yield message


async def _declared(channel: AbstractChannel, name: str) -> Any:
    return (await channel.declare_queue(name, passive=True)).declaration_result


def _file(found: Found, queue: str, message: AbstractIncomingMessage) -> None:
    if queue == WITNESS:
        found.understood.add(read_event(message.body).data["number"])
    elif queue in _OF_EVENTS:
        found.events_waiting.add(read_event(message.body).data["number"])
    elif queue == names.INVALID:
        found.invalid.add(_number(message.body))
    elif queue in _RAW:
        found.events_waiting.add(_number(message.body))
    elif queue not in _COPIES:
        delivery = read_delivery(message.body, message.headers)
        duty = Duty(delivery.event.data["number"], delivery.service)
        (found.dead if queue.startswith("mih.dlq.") else found.waiting)[duty] += 1


def _number(body: bytes) -> int:
    raw = orjson.loads(body)
    number: int = raw["unreadable"] if "unreadable" in raw else raw["data"]["number"]
    return number


@asynccontextmanager
async def _channel(amqp_url: str) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(amqp_url) as connection:
        yield await connection.channel()
