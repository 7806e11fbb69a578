"""The load: events whose every end is known beforehand, published until the broker has confirmed each."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import aio_pika
import orjson
from aiormq.exceptions import AMQPError
from judge import Planned

SLUGS = ("till", "erp", "sis", "lake")
#: Seconds for one confirm, after which the same event is published again.
_CONFIRM_S = 10
_TRIES = 300
#: Events between one and its repeat.
_REPEATED_AFTER = 20
#: What a broker that is away, or goes away meanwhile, makes of a publish.
_AWAY = (AMQPError, OSError, TimeoutError, RuntimeError)


def repeated_in(count: int) -> int:
    """How many of so many events are published twice."""
    return sum(event.repeated for event in planned(count))


def planned(count: int) -> list[Planned]:
    """So many events, of every kind: for one service, for all, for none, refused, unreadable, published twice."""
    return [_planned(number) for number in range(count)]


def _planned(number: int) -> Planned:
    # Each kind below falls to each service in its turn.
    one = SLUGS[(number // 2 + number // 20) % len(SLUGS)]
    if number % 100 == 13:
        return Planned(number, _body(number, one), (one,), repeated=True)
    match number % 20:
        case 3:
            return Planned(number, _body(number, one, refused=True), (one,), refused=True)
        case 7:
            return Planned(number, _body(number, "quiet"))
        case 11:
            return Planned(number, orjson.dumps({"unreadable": number}), readable=False)
        case kind if kind % 2:
            return Planned(number, _body(number, one), (one,))
        case _:
            return Planned(number, _body(number, "all"), SLUGS)


def _body(number: int, kind: str, *, refused: bool = False) -> bytes:
    event: dict[str, Any] = {"specversion": "1.0", "id": f"event-{number}", "source": "shop", "type": f"shop.{kind}"}
    return orjson.dumps({**event, "data": {"number": number, "refused": refused}})


@dataclass
class Load:
    """Publishes at a steady rate, on a connection of its own that no fault of the hub's lines touches."""

    url: str
    events: Sequence[Planned]
    rate: int
    #: Events that the broker confirmed.
    accepted: int = 0
    #: Cleared by who needs a moment without new events.
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    _connection: aio_pika.abc.AbstractConnection | None = None
    _exchange: aio_pika.abc.AbstractExchange | None = None

    async def run(self) -> None:
        started = monotonic()
        self.may_go_on.set()
        try:
            for place, event in enumerate(self.events):
                await self.may_go_on.wait()
                await asyncio.sleep(max(0.0, started + place / self.rate - monotonic()))
                await self._publish(event)
                self.accepted += 1
                before = self.events[max(0, place - _REPEATED_AFTER)]
                if before.repeated:
                    await self._publish(before)
        finally:
            await self._hang_up()

    async def _publish(self, event: Planned) -> None:
        for _ in range(_TRIES):
            try:
                async with asyncio.timeout(_CONFIRM_S):
                    exchange = self._exchange or await self._connect()
                    await exchange.publish(aio_pika.Message(event.body, delivery_mode=2), "shop")
            except _AWAY:
                await self._hang_up()
                await asyncio.sleep(0.2)
            else:
                return
        raise AssertionError(f"the broker accepted event {event.number} in none of {_TRIES} tries")

    async def _connect(self) -> aio_pika.abc.AbstractExchange:
        self._connection = await aio_pika.connect(self.url)
        channel = await self._connection.channel()
        self._exchange = await channel.get_exchange("mih.events", ensure=False)
        return self._exchange

    async def _hang_up(self) -> None:
        connection, self._connection, self._exchange = self._connection, None, None
        if connection:
            with suppress(*_AWAY):
                await asyncio.wait_for(connection.close(), 1)
