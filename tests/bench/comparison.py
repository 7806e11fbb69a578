"""All sides in one run: what they carry from a backlog, and how long an event takes at a part of that."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import sides
from figures import Backlog, Latency, middle, paired_ratio
from ground import Ground
from measure import backlog, in_turns, steady
from processes import held
from sheet import Cell, Sheet
from side import Direct, Side

#: What it is that the others are compared with.
OURS = "MIH"
FLOOR = "floor"
#: Parts of a side's own maximum.
SHARES = (0.1, 0.5, 0.8)
_HALF = 0.5
#: Seconds that a backlog is to last: long enough that start and end weigh little.
_BACKLOG_S = 3
_STEADY_S = 4
_WARM_UP = 2_000
_MIB = 2**20

Say = Callable[[str], None]


@dataclass(slots=True)
class Result:
    """What one side showed."""

    side: Side
    at_rest_bytes: int
    rounds: list[Backlog] = field(default_factory=list)
    latencies: dict[float, list[Latency]] = field(default_factory=lambda: {share: [] for share in SHARES})
    #: At half of another side's maximum, as that side: of ours beside the floor, or beside what it was before.
    beside: list[Latency] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return median(each.rate for each in self.rounds)

    def per_event_ms(self, cost: Callable[[Backlog], float]) -> float:
        return 1000 * median(cost(each) / each.events for each in self.rounds)


async def compared(ground: Ground, rounds: int, say: Say, base: Path | None = None) -> list[Result]:
    """Round after round, each side in its turn; then the latencies, likewise."""
    async with _all_sides(ground, base) as all_sides:
        results = [Result(side, max(held(side.pids()))) for side in all_sides]
        counts = [await _warm(ground, side, say) for side in all_sides]
        for number in range(rounds):
            for result, count in in_turns(list(zip(results, counts, strict=True)), number):
                result.rounds.append(await backlog(ground, result.side, count))
                say(f"backlog {number + 1}/{rounds}: {result.side.name} {result.rounds[-1].rate:,.0f}/s")
        for number in range(rounds):
            for result in in_turns(_with_latency(results), number):
                for share in SHARES:
                    latency = await steady(ground, result.side, share * result.rate, _STEADY_S)
                    result.latencies[share].append(latency)
                    told = f"{share:.0%}, p99: {result.side.name} {latency.p99 * 1000:,.1f} ms"
                    say(f"steady {number + 1}/{rounds} at {told}")
            ours, other = results[:2]
            ours.beside.append(await steady(ground, ours.side, _HALF * other.rate, _STEADY_S))
        return results


@asynccontextmanager
async def _all_sides(ground: Ground, base: Path | None) -> AsyncIterator[Sequence[Side]]:
    async with AsyncExitStack() as stack:
        made = [sides.mih(ground)]
        if base:
            made.append(sides.mih(ground, name="MIH before", code=base, redis_db=1))
        else:
            made += [
                sides.floor(ground),
                sides.floor(ground, "wire"),
                *(sides.celery(ground, pool) for pool in sides.POOLS),
                sides.direct(ground),
            ]
        yield [await stack.enter_async_context(one) for one in made]


async def _warm(ground: Ground, side: Side, say: Say) -> int:
    """Let it work until it is warm; how many events make a backlog of the right length."""
    await backlog(ground, side, _WARM_UP // 4)
    found = await backlog(ground, side, _WARM_UP)
    say(f"warm: {side.name} {found.rate:,.0f}/s")
    return round(found.rate * _BACKLOG_S)


def _with_latency(results: Sequence[Result]) -> list[Result]:
    """MIH, what it is measured against, and of Celery's pools the best."""
    pools = sorted((one for one in results if one.side.name.startswith("Celery")), key=lambda one: one.rate)
    return [one for one in results if one not in pools[:-1] and not isinstance(one.side, Direct)]


def sheets(results: Sequence[Result]) -> list[Sheet]:
    """Ratios first."""
    return [_ratios(results), _throughput(results), _latency(results, results[1].side.name)]


def _ratios(results: Sequence[Result]) -> Sheet:
    ours, *others = results
    return Sheet(
        f"{OURS} against each side",
        [_ratio_row(ours, other, is_beside=other is others[0]) for other in others],
        "Medians of the ratios round by round; below 1 is less than theirs.",
    )


def _ratio_row(ours: Result, other: Result, *, is_beside: bool) -> dict[str, Cell]:
    def ratio(of: Callable[[Backlog], float]) -> float:
        return paired_ratio([of(one) for one in ours.rounds], [of(one) for one in other.rounds])

    def waited(of_ours: Sequence[Latency]) -> float | None:
        theirs = other.latencies[_HALF]
        return paired_ratio([one.p99 for one in of_ours], [one.p99 for one in theirs]) if theirs else None

    return {
        "against": other.side.name,
        "events/s": ratio(lambda one: one.rate),
        "CPU of workers": ratio(lambda one: one.workers_cpu_s / one.events),
        "p99, each at half of its own": waited(ours.latencies[_HALF]),
        "p99, both at half of theirs": waited(ours.beside) if is_beside else None,
    }


def _throughput(results: Sequence[Result]) -> Sheet:
    rows: list[dict[str, Cell]] = [
        {
            "side": one.side.name,
            "events/s": one.rate,
            "lowest": min(each.rate for each in one.rounds),
            "highest": max(each.rate for each in one.rounds),
            "ms CPU workers": one.per_event_ms(lambda each: each.workers_cpu_s),
            "ms RabbitMQ": one.per_event_ms(lambda each: each.broker_cpu_s),
            "ms Redis": one.per_event_ms(lambda each: each.redis_cpu_s),
            "bytes written": median(each.written_bytes / each.events for each in one.rounds),
            "MiB at rest": one.at_rest_bytes / _MIB,
            "MiB largest": max(each.largest_bytes for each in one.rounds) / _MIB,
            "MiB together": max(each.memory_bytes for each in one.rounds) / _MIB,
        }
        for one in results
    ]
    return Sheet(
        "From a backlog",
        rows,
        "Processor time per event. Memory of the largest process, and of all of the side's own together.",
    )


def _latency(results: Sequence[Result], beside: str) -> Sheet:
    rows = []
    for one in results:
        rows += [
            _latency_row(one, f"{share:.0%}", share * one.rate, rounds)
            for share, rounds in one.latencies.items()
            if rounds
        ]
        if one.beside:
            rows.append(_latency_row(one, f"{_HALF:.0%} of {beside}'s", _HALF * results[1].rate, one.beside))
    return Sheet("From publish to arrival", rows, "Counted from the moment at which each event was to be published.")


def _latency_row(one: Result, share: str, rate: float, rounds: Sequence[Latency]) -> dict[str, Cell]:
    found = middle(rounds)
    return {
        "side": one.side.name,
        "of its maximum": share,
        "events/s": rate,
        "p50 ms": found.p50 * 1000,
        "p99 ms": found.p99 * 1000,
        "p99.9 ms": found.p999 * 1000,
        "events": found.events,
    }
