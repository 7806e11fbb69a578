"""Recovery: how what gathered while a service was down goes out once it is well, and whether it is flooded then.

In turns on one hub: a service that is down while deliveries gather, behind an open breaker, and one that never was:
its deliveries gather because somebody paused it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from statistics import median
from time import monotonic

import aio_pika
from aiormq.abc import AbstractChannel
from comparison import Say
from deliveries import to_service
from figures import paired_ratio
from ground import Ground, until_consumed
from publisher import Publisher, publishing
from sheet import Cell, Sheet
from sides import IN_FLIGHT, RunningHub, a_hub, registry_of

from topology import names

_CALM, _BROKEN = "calm", "broken"
#: What each request takes at the service: so long that the rounds of a slow start can be told apart.
_ANSWERS_IN_MS = 100
#: A breaker that looks again soon, so that a round is about what follows.
_MORE = "defaults: {retry: {backoff: 1s, max_backoff: 2s}, breaker: {cooldown: 1s}}"
#: Where what failed may wait: four levels are 15 s.
_LADDER = tuple(map(names.delay_level, range(4)))
#: Seconds after the first good answer at which the table has a line.
_UNTIL_S = (0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 3.0, 5.0, 10.0)
#: Seconds without any change after which a wait is in vain.
_PATIENCE_S = 60
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Drain:
    """How a backlog went out."""

    #: From the first request that was answered well: to the last, and since the service could have answered it.
    seconds: float
    noticed_s: float
    rate: float
    #: Seconds since the first, and requests in flight then.
    flights: Sequence[tuple[float, int]]
    duplicates: int
    dead: int


@dataclass(frozen=True, slots=True)
class Ward:
    """Both services on one hub."""

    ground: Ground
    running: RunningHub
    publisher: Publisher
    channel: AbstractChannel
    count: int

    async def round(self, slug: str, trouble: "Trouble") -> Drain:
        """Let deliveries gather, and see them go."""
        destination = self.ground.destination
        await destination.expect(self.count)
        async with trouble(self):
            await self.publisher.backlog(lambda number: to_service(number, slug), range(self.count))
            await self._until(slug, lambda waiting, takers: waiting >= self.count and not takers)
        well = monotonic()
        await destination.until(self.count)
        await self._until(slug, lambda waiting, _: not waiting)
        arrivals, flights = await destination.arrivals(), await destination.flights()
        first, seconds = min(arrivals), max(arrivals) - min(arrivals)
        return Drain(
            seconds=seconds,
            noticed_s=first - well,
            rate=self.count / seconds,
            flights=[(moment - first, flying) for moment, flying in flights],
            duplicates=await destination.requests() - self.count,
            dead=(await self._asked(names.dead_letter_queue(slug)))[0],
        )

    async def until_left_alone(self, slug: str) -> None:
        """Wait until nobody takes from its queue."""
        await self._until(slug, lambda _, takers: not takers)

    async def _until(self, slug: str, holds: Callable[[int, int], bool]) -> None:
        """Wait until this holds of those that wait, in its queue or in the ladder, and of its queue's consumers."""
        seen, moved = (-1, -1), monotonic()
        while True:
            waiting, takers = await self._asked(names.service_queue(slug))
            now = waiting + sum([(await self._asked(level))[0] for level in _LADDER]), takers
            if holds(*now):
                return
            if now != seen:
                seen, moved = now, monotonic()
            if monotonic() - moved > _PATIENCE_S:
                raise TimeoutError(f"{slug}: {now[0]} waiting, {takers} consumers, and no change for {_PATIENCE_S} s")
            await asyncio.sleep(_POLL_S)

    async def _asked(self, queue: str) -> tuple[int, int]:
        declared = await self.channel.queue_declare(queue, passive=True)
        return declared.message_count or 0, declared.consumer_count or 0


Trouble = Callable[[Ward], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _down(ward: Ward) -> AsyncIterator[None]:
    await ward.ground.destination.down(_BROKEN)
    try:
        yield
    finally:
        await ward.ground.destination.slow(_BROKEN, _ANSWERS_IN_MS)


@asynccontextmanager
async def _paused(ward: Ward) -> AsyncIterator[None]:
    await ward.running.hub.run("pause", _CALM, "--why", "the bench")
    try:
        await ward.until_left_alone(_CALM)
        yield
    finally:
        await ward.running.hub.run("resume", _CALM)


async def recovery(ground: Ground, rounds: int, say: Say, *, waiting: int = 20_000) -> list[Sheet]:
    """Both services in turns."""
    registry = registry_of(ground.destination.address, (_CALM, _BROKEN), more=_MORE)
    async with (
        a_hub(ground, registry) as running,
        publishing(running.amqp_url) as publisher,
        await aio_pika.connect(running.amqp_url) as connection,
    ):
        await until_consumed(running.amqp_url, map(names.service_queue, (_CALM, _BROKEN)))
        for slug in (_CALM, _BROKEN):
            await ground.destination.slow(slug, _ANSWERS_IN_MS)
        channel = await (await connection.channel()).get_underlay_channel()
        ward = Ward(ground, running, publisher, channel, waiting)
        calm, broken = [], []
        for number in range(rounds):
            calm.append(await ward.round(_CALM, _paused))
            broken.append(await ward.round(_BROKEN, _down))
            told = f"{broken[-1].rate:,.0f}/s, never down {calm[-1].rate:,.0f}/s"
            say(f"drained {number + 1}/{rounds}: was down {told}")
    found = {"was down": broken, "was never down": calm}
    return [_drains(found, waiting), _flights(found)]


def _drains(found: dict[str, list[Drain]], waiting: int) -> Sheet:
    calm = found["was never down"]
    rows: list[dict[str, Cell]] = [
        {
            "the service": name,
            "events/s ratio": paired_ratio([one.rate for one in drains], [one.rate for one in calm]),
            "events/s": median(one.rate for one in drains),
            "s to the last": median(one.seconds for one in drains),
            "s until noticed": median(one.noticed_s for one in drains) if drains is not calm else None,
            "duplicates": sum(one.duplicates for one in drains),
            "dead": max(one.dead for one in drains),
            "events": waiting * len(drains),
        }
        for name, drains in found.items()
    ]
    note = (
        f"{waiting:,} waiting; counted from the first request that was answered well. Each takes {_ANSWERS_IN_MS} ms."
    )
    return Sheet("A backlog that gathered in an outage", rows, note)


def _flights(found: dict[str, list[Drain]]) -> Sheet:
    rows: list[dict[str, Cell]] = [
        {
            "seconds": f"{since:g}–{until:g}",
            **{name: max(_most_in_flight(one, since, until) for one in drains) for name, drains in found.items()},
            "concurrency": IN_FLIGHT,
        }
        for since, until in zip((0.0, *_UNTIL_S), _UNTIL_S, strict=False)
    ]
    return Sheet(
        "The most requests in flight that the service saw", rows, "Since its first good answer; of all rounds."
    )


def _most_in_flight(drain: Drain, since: float, until: float) -> int:
    return max((flying for moment, flying in drain.flights if since <= moment < until), default=0)
