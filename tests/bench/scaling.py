"""Scaling: what more senders, services, rules and bytes change, each against the least of it, in one run.

The hubs of a series stand side by side and take turns, so that a ratio is of two rounds that follow each other.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from statistics import median

import aio_pika
from arrivals import Destination
from comparison import Say
from figures import Backlog, paired_ratio
from ground import Ground, until_consumed
from measure import backlog, in_turns
from points import Point, Series, all_series
from processes import spent_by, with_offspring
from publisher import publishing
from sheet import Cell, Sheet
from side import Side
from sides import ROLES, a_hub

from topology import names

#: Seconds that a backlog is to last.
_BACKLOG_S = 2
#: Requests until a hub counts as warm: the first ones open connections, the second tell how fast it is.
_WARM_UP = (200, 1_000)
_START_S = 60
_POLL_S = 0.1
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Round:
    """What a backlog took, and of that the router."""

    took: Backlog
    router_cpu_s: float


_FIGURES: Mapping[str, Callable[[Round], float]] = {
    "events/s": lambda one: one.took.rate,
    "CPU workers": lambda one: 1000 * one.took.workers_cpu_s / one.took.events,
    "CPU router": lambda one: 1000 * one.router_cpu_s / one.took.events,
    "CPU RabbitMQ": lambda one: 1000 * one.took.broker_cpu_s / one.took.events,
}


@dataclass(slots=True)
class Found:
    """What was found at one point."""

    point: Point
    ground: Ground
    side: Side
    count: int = 0
    rounds: list[Round] = field(default_factory=list)

    async def round(self, events: int) -> Round:
        """Work off a backlog; what an idle router spends while it is made is next to nothing."""
        router = with_offspring([self.side.started[ROLES.index("router")]])
        before = spent_by(router)
        took = await backlog(self.ground, self.side, events)
        return Round(took, spent_by(router).since(before).cpu_s)

    async def warm(self) -> None:
        """Let it work until it is warm; then it is known how many events make a backlog of the right length."""
        for requests in _WARM_UP:
            found = await self.round(requests // self.point.requests)
        self.count = max(round(found.took.rate * _BACKLOG_S), found.took.events)

    def each(self, what: str) -> list[float]:
        """This figure, round by round."""
        return [_FIGURES[what](one) for one in self.rounds]


@dataclass(frozen=True, slots=True)
class Repeatedly(Destination):
    """Where each event comes so many times, and has come when all of them have."""

    times: int

    async def until(self, count: int) -> None:
        await Destination.until(self, count * self.times)


async def scaling(ground: Ground, rounds: int, say: Say) -> list[Sheet]:
    """Series after series."""
    return [_sheet(series, await _measured(ground, series, rounds, say)) for series in all_series()]


async def _measured(ground: Ground, series: Series, rounds: int, say: Say) -> Sequence[Found]:
    async with AsyncExitStack() as stack:
        hubs = (_standing(ground, point, redis_db) for redis_db, point in enumerate(series.points))
        all_found = [await stack.enter_async_context(hub) for hub in hubs]
        for found in all_found:
            await found.warm()
        most = rounds * series.rounds
        for number in range(most):
            for found in in_turns(all_found, number):
                found.rounds.append(await found.round(found.count))
                say(f"{series.title} {number + 1}/{most}: {found.point.name} {found.rounds[-1].took.rate:,.0f}/s")
        return all_found


@asynccontextmanager
async def _standing(ground: Ground, point: Point, redis_db: int) -> AsyncIterator[Found]:
    """A hub of its own, all its processes at work."""
    destination = Repeatedly(ground.destination.address, ground.destination.process, ground.folder, point.requests)
    registry = point.registry(destination.address)
    roles = (*ROLES, *[ROLES[-1]] * (point.senders - 1))
    hub = a_hub(ground, registry, roles=roles, redis_db=redis_db, program=point.program, environment=point.environment)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(hub)
        await _until_served(running.amqp_url, point)
        await stack.enter_async_context(point.surrounded(ground, running))
        publisher = await stack.enter_async_context(publishing(running.amqp_url))
        side = Side(name=point.name, started=running.pids, publisher=publisher, write=point.write)
        yield Found(point, replace(ground, destination=destination), side)


async def _until_served(url: str, point: Point) -> None:
    """Wait until every sender has every service."""
    await until_consumed(url, queues := [names.service_queue(slug) for slug in point.slugs])
    connection = await aio_pika.connect(url)
    async with asyncio.timeout(_START_S), connection:
        channel = await (await connection.channel()).get_underlay_channel()
        for queue in queues:
            while ((await channel.queue_declare(queue, passive=True)).consumer_count or 0) < point.senders:  # noqa: ASYNC110 - elsewhere
                await asyncio.sleep(_POLL_S)


def _sheet(series: Series, all_found: Sequence[Found]) -> Sheet:
    note = f"Ratios to the first row, medians round by round. Processor time in ms per event. {series.note}"
    return Sheet(series.title, [_row(series.title, found, all_found[0]) for found in all_found], note.strip())


def _row(title: str, found: Found, least: Found) -> dict[str, Cell]:
    return {
        title.lower(): found.point.name,
        **{f"{what} ratio": paired_ratio(found.each(what), least.each(what)) for what in _FIGURES},
        **{what: median(found.each(what)) for what in _FIGURES},
        "MiB largest": max(one.took.largest_bytes for one in found.rounds) / _MIB,
    }
