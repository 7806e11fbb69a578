"""One round with one side: a backlog worked off, or a steady stream."""

import asyncio
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import TypeVar

from figures import Backlog, Latency, latency_of
from ground import Ground
from processes import most_held, spent_by, with_offspring
from side import Side

#: Seconds for acknowledgements behind the last arrival, whose cost belongs to the round.
_AFTER_S = 0.3
#: Seconds from the decision to start to the first event.
_AHEAD_S = 0.1

T = TypeVar("T")


def in_turns(all_of_them: Sequence[T], number: int) -> Iterator[T]:
    """Round by round there and back again: nobody is always the first, or behind the same other."""
    return reversed(all_of_them) if number % 2 else iter(all_of_them)


async def backlog(ground: Ground, side: Side, count: int) -> Backlog:
    """Make a backlog while the side stands still, let it go, and see what all of it takes."""
    destination = ground.destination
    await destination.expect(count)
    side.freeze()
    try:
        await side.load(count)
        groups = (side.pids(), with_offspring([ground.broker_pid]), [ground.redis_pid])
        before = [spent_by(pids) for pids in groups]
    finally:
        side.thaw()
    await destination.until(count)
    await asyncio.sleep(_AFTER_S)
    workers, broker, redis = (spent_by(pids).since(then) for pids, then in zip(groups, before, strict=True))
    came = await destination.arrivals()
    largest = most_held(groups[0])
    return Backlog(
        events=count,
        seconds=max(came) - min(came),
        workers_cpu_s=workers.cpu_s,
        broker_cpu_s=broker.cpu_s,
        redis_cpu_s=redis.cpu_s,
        written_bytes=workers.written_bytes + broker.written_bytes + redis.written_bytes,
        largest_bytes=max(largest),
        memory_bytes=sum(largest),
    )


async def steady(ground: Ground, side: Side, rate: float, seconds: float) -> Latency:
    """Publish so many per second, each at its moment, and count the waits from those moments."""
    count = max(round(rate * seconds), 1)
    await ground.destination.expect(count)
    messages = [side.write(number) for number in range(count)]
    moments = moments_of(count, rate)
    await side.publisher.steady(messages, moments)
    await ground.destination.until(count)
    return latency_of(waits(await ground.destination.arrivals(), moments))


def moments_of(count: int, rate: float) -> Sequence[float]:
    """From now on, evenly."""
    start = monotonic() + _AHEAD_S
    return [start + number / rate for number in range(count)]


def waits(arrivals: Sequence[float], moments: Sequence[float]) -> list[float]:
    """From each moment at which an event was to go out to its arrival."""
    return [arrival - moment for arrival, moment in zip(arrivals, moments, strict=True)]
