"""`make soak`: half load for long, faults at random, and in the end nothing lost, nothing stalled, nothing grown.

soak.py                    30 minutes
soak.py --minutes 5 --seed 7

In the first half roles are killed and told to stop, too. In the second half whatever strikes leaves them alive, so
that each has a process that lives long enough to show whether it grows.
"""

import asyncio
import json
import logging
import re
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic
from typing import Annotated

import typer
from broker_faults import MEMORY, BrokerKilled, ConnectionClosed
from database_faults import DatabaseLocked
from destination import error_in_200, hanging, resetting
from fault import Fault
from judge import Planned
from laboratory import Report, judged, settled, tried, until_working
from load import Load, planned
from network_faults import Cut, Slow
from process_faults import Frozen, Killed, ToldToStop
from readings import Readings
from redis_faults import RedisKilled, RedisReadOnly, RedisSlow, ScriptsFlushed
from report_table import row, table
from rich.console import Console
from scenarios import Scenario
from service_faults import InAMood
from soak_table import course_table, not_flat
from world import ROLES, Servers, World, a_world, running_servers

#: Strikes that end a process.
_DEADLY: tuple[Fault, ...] = (*map(Killed, ROLES), *map(ToldToStop, ROLES))
_OTHERS: tuple[Fault, ...] = (
    BrokerKilled(),
    MEMORY,
    ConnectionClosed(),
    Cut("broker"),
    Cut("redis"),
    Slow("broker", 0.2, 6),
    RedisKilled(),
    RedisSlow(),
    RedisReadOnly(),
    ScriptsFlushed(),
    DatabaseLocked(),
    *(InAMood(slug, mood) for slug in ("erp", "sis") for mood in (hanging, resetting, error_in_200)),
    *(Frozen(role, 3) for role in ROLES),
)
#: Events by which the maximum is measured.
_BURST = 1500
#: More in a second than any hub takes.
_AT_ONCE = 10_000
#: Seconds between one fault and the next.
_CALM_S = (5, 15)
_READINGS = 60
_SETTLES_WITHIN_S = 240
_KEPT = Path(".faults")
#: Of a mood, what says nothing.
_ADDRESS = r"<function | at 0x\w+>"


@dataclass(frozen=True, slots=True)
class Soaked:
    """What became of a soak."""

    report: Report
    readings: Readings
    maximum: float

    def failures(self) -> list[str]:
        return [*self.report.failures(), *not_flat(self.readings)]


def main(
    *,
    minutes: Annotated[float, typer.Option(help="Of load, after its maximum was measured.", min=1)] = 30,
    seed: Annotated[int, typer.Option(help="What is random follows from it.")] = 1,
) -> None:
    """Run a soak; exit with 1 unless nothing was lost, nothing stalled and every role stayed flat."""
    # The client libraries tell of every connection that is broken here on purpose.
    logging.disable()
    console = Console(stderr=True)
    with running_servers() as servers:
        soaked = asyncio.run(
            soak(servers, minutes * 60, seed, lambda said: console.print(said, markup=False, soft_wrap=True))
        )
    failures = soaked.failures()
    out = Console(width=max(Console().width, 140))
    out.print(table([row(soaked.report)]), course_table(soaked.readings))
    out.print(*failures, sep="\n", markup=False)
    _keep(soaked, seed)
    sys.exit(bool(failures))


async def soak(servers: Servers, seconds: float, seed: int, tell: Callable[[str], None]) -> Soaked:
    """Measure the maximum, load with half of it and strike, then judge."""
    started = monotonic()
    async with a_world(servers) as world:
        await until_working(world)
        maximum, trouble = await _measured(world)
        rate = max(1, round(maximum / 2))
        events = planned(_BURST + round(rate * seconds))
        tell(f"{maximum:.0f} events/s at most; {rate}/s for {seconds / 60:g} minutes")
        load, readings = Load(world.amqp_url, events[_BURST:], rate), Readings()
        async with _loaded(load, world, readings, seconds) as publishing:
            struck, more = await _struck(world, load, publishing, (seconds, Random(seed)), tell)
            trouble += [*more, *await tried(publishing)]
        scenario = _scenario(struck, events, rate)
        verdict, more = await judged(world, events, scenario)
        report = Report(scenario, seed, verdict, monotonic() - started, (*trouble, *more), world.hub.logs())
    return Soaked(report, readings, maximum)


async def _measured(world: World) -> tuple[float, list[str]]:
    """Events in a second, from a burst until all of it has come to its end."""
    started, events = monotonic(), planned(_BURST)
    await Load(world.amqp_url, events, _AT_ONCE).run()
    trouble = await settled(world, events, _scenario((), events, _AT_ONCE))
    return _BURST / (monotonic() - started), trouble


@asynccontextmanager
async def _loaded(load: Load, world: World, readings: Readings, seconds: float) -> AsyncIterator[asyncio.Task[None]]:
    publishing = asyncio.create_task(load.run())
    reading = asyncio.create_task(readings.go_on(world.hub.processes, seconds / _READINGS))
    try:
        yield publishing
    finally:
        for task in (publishing, reading):
            task.cancel()


async def _struck(
    world: World,
    load: Load,
    publishing: asyncio.Task[None],
    course: tuple[float, Random],
    tell: Callable[[str], None],
) -> tuple[tuple[Fault, ...], list[str]]:
    """Strike until the load is over; what struck, and in words what of it failed."""
    started, (seconds, chance) = monotonic(), course
    struck, trouble = [], []
    while not publishing.done() and (past := monotonic() - started) < seconds:
        fault = chance.choice((*_DEADLY, *_OTHERS) if past < seconds / 2 else _OTHERS)
        tell(f"{past / 60:5.1f} min: {re.sub(_ADDRESS, '', str(fault))}")
        struck.append(fault)
        trouble += await tried(fault.strike(world, load, chance))
        await asyncio.wait([publishing], timeout=chance.uniform(*_CALM_S))
        for destination in world.destinations.values():
            trouble += await tried(destination.look())
    return tuple(struck), trouble


def _scenario(struck: tuple[Fault, ...], events: Sequence[Planned], rate: int) -> Scenario:
    return Scenario("soak", struck, events=len(events), rate=rate, settles_within_s=_SETTLES_WITHIN_S)


def _keep(soaked: Soaked, seed: int) -> None:
    _KEPT.mkdir(exist_ok=True)
    (_KEPT / f"soak-{seed}.json").write_text(json.dumps(soaked.readings.rows()))
    if soaked.failures():
        (_KEPT / f"soak-{seed}.log").write_text(soaked.report.logs)


if __name__ == "__main__":
    typer.run(main)
