"""Neighbours: what nineteen services notice of trouble with the twentieth, in one run with it and without.

Calm and trouble take turns on the same hub, beginning and ending with calm: each troubled round has a calm one before
it and one after, and is held against both, so that a machine that grows slower or faster is not taken for the trouble.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import aio_pika
from aiormq.abc import AbstractChannel
from deliveries import to_service
from figures import Latency, latency_of, middle, paired_ratio
from ground import Ground, until_consumed
from measure import moments_of, waits
from numbered_events import Message, event
from processes import spent_by, with_offspring
from publisher import Publisher, publishing
from sheet import Cell, Sheet
from sides import RunningHub, a_hub, registry_of

from topology import names

_SLUGS = tuple(f"s{number:02d}" for number in range(20))
_HEALTHY, _TROUBLED = _SLUGS[:-1], _SLUGS[-1]
#: Events per second of all services together: with ease, or the wait for the machine is all that is seen. On two cores
#: 290/s instead of 200/s doubles the median, whether one service has the 90 more or all of them.
_RATE = 60
_SECONDS = 12
_TIMES_ITS_RATE = 10
#: After trouble the breaker must have closed again, and what waited must be gone.
_MORE = "defaults: {retry: {backoff: 1s, max_backoff: 2s}, breaker: {cooldown: 1s}}"
_SETTLED_S = 120
#: A million messages may be busy for longer.
_PUT_AWAY_S = 600
_POLL_S = 0.2
#: Seconds of a processor that RabbitMQ takes in each when it has nothing to do, and bytes that it writes, at most; and
#: how many such seconds in a row say so: after a million messages it tidies up by fits and starts.
_IDLE_S, _IDLE_BYTES, _IDLE_LOOKS = 0.1, 100_000, 10
#: Rounds for each one where the trouble is dear: what differs by a tenth takes many to be told.
_DEAR_ROUNDS = 3

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Street:
    """Twenty services on one hub."""

    ground: Ground
    running: RunningHub
    publisher: Publisher

    async def round(self, *, troubled_times: int = 1) -> Latency:
        """Publish to all, and see how long the healthy ones' events take."""
        slugs = [*_HEALTHY, *(_TROUBLED,) * troubled_times]
        rate = _RATE * len(slugs) / len(_SLUGS)
        count = round(rate * _SECONDS)
        chosen = [slugs[number * 7 % len(slugs)] for number in range(count)]
        moments = moments_of(count, rate)
        await self.ground.destination.expect(count)
        await self.publisher.steady([_order(number, slug) for number, slug in enumerate(chosen)], moments)
        await self._until_arrived([number for number, slug in enumerate(chosen) if slug != _TROUBLED])
        arrivals = await self.ground.destination.arrivals()
        waited = waits(arrivals, moments)
        return latency_of(wait for wait, slug in zip(waited, chosen, strict=True) if slug != _TROUBLED)

    async def until_settled(self) -> None:
        """Wait until nothing of the trouble is on the road any more."""
        await self.until_routed()
        await self._until_empty(*map(names.service_queue, _SLUGS), *map(names.delay_level, range(4)))

    async def until_routed(self) -> None:
        """Wait until all that was published lies with its service."""
        await self._until_empty(names.INGEST, names.ROUTER)

    async def until_put_away(self) -> None:
        """Wait until RabbitMQ and the disk have no more work with what was published: it shall only lie there."""
        await asyncio.to_thread(os.sync)
        broker = with_offspring([self.ground.broker_pid])
        async with asyncio.timeout(_PUT_AWAY_S):
            idle = 0
            while idle < _IDLE_LOOKS:
                before = spent_by(broker)
                await asyncio.sleep(1)  # the second in which its work is counted
                work = spent_by(broker).since(before)
                idle = idle + 1 if work.cpu_s < _IDLE_S and work.written_bytes < _IDLE_BYTES else 0

    async def _until_empty(self, *queues: str) -> None:
        async with asyncio.timeout(_SETTLED_S), self.channel() as channel:
            for queue in queues:
                while (await channel.queue_declare(queue, passive=True)).message_count:  # noqa: ASYNC110 - it happens in the broker
                    await asyncio.sleep(_POLL_S)

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[AbstractChannel]:
        """A channel for whoever does something to queues."""
        connection = await aio_pika.connect(self.running.amqp_url)
        async with connection:
            yield await (await connection.channel()).get_underlay_channel()

    async def _until_arrived(self, numbers: Sequence[int]) -> None:
        async with asyncio.timeout(_SETTLED_S):
            while not all(map((await self.ground.destination.arrivals()).__getitem__, numbers)):  # noqa: ASYNC110 - elsewhere
                await asyncio.sleep(_POLL_S)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong while inside, which says how many times its rate the troubled service then has."""

    inside: Callable[[Street], AbstractAsyncContextManager[int]]
    #: So dear to make that all rounds in it follow each other, between as many calm ones before and after.
    is_dear: bool = False


@asynccontextmanager
async def _is_well(_: Street) -> AsyncIterator[int]:
    yield 1


@asynccontextmanager
async def _hangs(street: Street) -> AsyncIterator[int]:
    await street.ground.destination.hang(_TROUBLED)
    try:
        yield 1
    finally:
        await street.ground.destination.heal(_TROUBLED)


@asynccontextmanager
async def _is_down(street: Street) -> AsyncIterator[int]:
    await street.ground.destination.down(_TROUBLED)
    try:
        yield 1
    finally:
        await street.ground.destination.heal(_TROUBLED)


@asynccontextmanager
async def _has_ten_times_its_rate(_: Street) -> AsyncIterator[int]:
    yield _TIMES_ITS_RATE


@asynccontextmanager
async def _is_without_its_queue(street: Street) -> AsyncIterator[int]:
    async with street.channel() as channel:
        await channel.queue_delete(names.service_queue(_TROUBLED))
    try:
        yield 1
    finally:
        await street.running.hub.run("topology", "apply")


def _has_waiting(count: int) -> Callable[[Street], AbstractAsyncContextManager[int]]:
    @asynccontextmanager
    async def waiting(street: Street) -> AsyncIterator[int]:
        await street.running.hub.run("pause", _TROUBLED, "--why", "the bench")
        await street.publisher.backlog(lambda number: to_service(number, _TROUBLED), range(count))
        await street.until_put_away()
        try:
            yield 1
        finally:
            async with street.channel() as channel:
                await channel.queue_purge(names.service_queue(_TROUBLED))
            await street.running.hub.run("resume", _TROUBLED)
            await street.until_put_away()

    return waiting


def _troubles(waiting: int) -> dict[str, Trouble]:
    return {
        # How far two calm rounds differ: what the others are to be held against.
        "is well": Trouble(_is_well),
        "hangs": Trouble(_hangs),
        "is down": Trouble(_is_down),
        "has ten times its rate": Trouble(_has_ten_times_its_rate),
        "is without its queue": Trouble(_is_without_its_queue),
        f"has {waiting:,} waiting": Trouble(_has_waiting(waiting), is_dear=True),
    }


async def neighbours(ground: Ground, rounds: int, say: Say, *, waiting: int = 5_000) -> Sheet:
    """Each trouble in turns with calm."""
    registry = registry_of(ground.destination.address, _SLUGS, concurrency=8, more=_MORE)
    async with (
        a_hub(ground, registry) as running,
        publishing(running.amqp_url) as publisher,
    ):
        await until_consumed(running.amqp_url, map(names.service_queue, _SLUGS))
        street = Street(ground, running, publisher)
        await street.round()
        return Sheet(
            "The nineteen neighbours of a service that …",
            [await _row(street, name, trouble, rounds, say) for name, trouble in _troubles(waiting).items()],
            f"Publish to arrival of the healthy nineteen, {_RATE} events/s in all; the ratio is the median of "
            "pairs: each troubled round with the calm one before it and with the one after.",
        )


async def _row(street: Street, name: str, trouble: Trouble, rounds: int, say: Say) -> dict[str, Cell]:
    rounds *= _DEAR_ROUNDS if trouble.is_dear else 1
    together = rounds if trouble.is_dear else 1
    before, troubled, after = list[Latency](), list[Latency](), list[Latency]()
    calm = await _calm(street, together)
    while len(troubled) < rounds:
        before += calm
        async with trouble.inside(street) as times:
            for then in calm:
                troubled.append(found := await street.round(troubled_times=times))
                told = f"p99 {found.p99 * 1000:,.0f} ms, calm {then.p99 * 1000:,.0f} ms"
                say(f"{name} {len(troubled)}/{rounds}: {told}")
        await street.until_settled()
        after += (calm := await _calm(street, together))
    now, then = middle(troubled), middle([*before, *after])
    return {
        "trouble": name,
        "p99 ratio": paired_ratio(_p99(troubled * 2), _p99(before + after)),
        "p50 ms calm": then.p50 * 1000,
        "p50 ms": now.p50 * 1000,
        "p99 ms calm": then.p99 * 1000,
        "p99 ms": now.p99 * 1000,
        "events": now.events,
    }


async def _calm(street: Street, count: int) -> list[Latency]:
    return [await street.round() for _ in range(count)]


def _p99(rounds: Sequence[Latency]) -> list[float]:
    return [one.p99 for one in rounds]


def _order(number: int, slug: str) -> Message:
    return event(number, kind=f"{slug}.order")
