"""The laboratory: one scenario from the first event to the verdict."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from random import Random
from time import monotonic

from census import census, depths, queues_of, until_consumed
from fault import Fault
from hub_world import until
from judge import Duty, Found, Planned, Verdict, judge
from load import SLUGS, Load, planned
from scenarios import Scenario
from world import TRANSPORTS, Servers, World, a_world

from pipeline.dead_index import DeadIndex
from pipeline.settings import load_settings
from topology import names

#: Seconds for the whole load, however often the broker is away.
_LOAD_S = 240
#: Where messages may lie in the end; what has no name of its own belongs to one process only.
_RESTING = ("amq.gen", "mih.dlq.", "lab.", names.INVALID)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one scenario."""

    scenario: Scenario
    seed: int
    verdict: Verdict
    seconds: float
    #: What went wrong besides, in words: a role that ended by itself, a command that failed.
    trouble: tuple[str, ...] = ()
    #: What the roles wrote.
    logs: str = ""

    def failures(self) -> Iterator[str]:
        """Everything that must not be, a few of each."""
        for what, found in (("lost", self.verdict.lost), ("stalled", self.verdict.stalled)):
            if found:
                yield f"{len(found)} {what}: {', '.join(found[:5])}"
        yield from self.verdict.strays[:5]
        if self.verdict.duplicates > self.scenario.repeats:
            yield f"{self.verdict.duplicates} duplicates, where {self.scenario.repeats} are the most"
        for transport in {*TRANSPORTS.values()}:
            at_most = self.scenario.repeats_over(transport)
            if (repeated := self._repeated_over(transport)) > at_most:
                yield f"{repeated} duplicates over {transport}, where {at_most} are the most"
        yield from self.trouble

    def _repeated_over(self, transport: str) -> int:
        duplicates = self.verdict.duplicates_at
        return sum(duplicates.get(slug, 0) for slug, over in TRANSPORTS.items() if over == transport)


async def run(scenario: Scenario, servers: Servers, seed: int) -> Report:
    """Run a scenario; what is random in it follows from the seed.

    Raises Unavailable where this machine has not what it needs.
    """
    if scenario.needs:
        scenario.needs(servers)
    started = monotonic()
    async with a_world(servers, scenario.database, clustered=scenario.clustered) as world:
        load = Load(world.amqp_url, planned(scenario.events), scenario.rate)
        trouble = await _struck(world, load, scenario, seed)
        verdict, more = await judged(world, load.events, scenario)
        logs = world.hub.logs()
    return Report(scenario, seed, verdict, monotonic() - started, (*trouble, *more), logs)


async def until_working(world: World) -> None:
    """Until every queue on the road has its consumer."""
    await until_consumed(world.amqp_url, (names.INGEST, names.ROUTER, *map(names.service_queue, SLUGS)))


async def judged(world: World, events: Sequence[Planned], scenario: Scenario) -> tuple[Verdict, list[str]]:
    """Let what was published come to its end, stop all roles, and count what became of it; besides, what went wrong."""
    trouble = await settled(world, events, scenario)
    trouble += await _ended(world)
    delivered = await _delivered(world)
    found = await census(world.amqp_url, world.management_url)
    found.delivered = delivered
    trouble += await _indexed(world, found)
    return judge(events, found, down=scenario.down), trouble


async def _struck(world: World, load: Load, scenario: Scenario, seed: int) -> list[str]:
    """Publish the whole load, and strike meanwhile; in words, what of it failed."""
    await until_working(world)
    trouble = []
    async with _publishing(load) as publishing:
        for moment, fault, chance in _schedule(scenario, seed):
            await until(lambda: load.accepted >= moment or publishing.done(), "the next fault", _LOAD_S)  # noqa: B023 - awaited in its turn
            trouble += await tried(fault.strike(world, load, chance))
            load.may_go_on.set()
        trouble += await tried(publishing)
    return trouble


async def tried(doing: Awaitable[None]) -> list[str]:
    try:
        await doing
    except Exception as failed:  # noqa: BLE001 - whatever it is makes the scenario fail, and the judge still looks
        return [f"{type(failed).__name__}: {failed}"]
    return []


def _schedule(scenario: Scenario, seed: int) -> Iterator[tuple[int, Fault, Random]]:
    """After how many accepted events which fault strikes."""
    chance = Random(f"{seed} {scenario.name}")
    faults = [fault for fault in scenario.faults for _ in range(scenario.times)]
    chance.shuffle(faults)
    moments = sorted(chance.sample(range(scenario.events // 20, scenario.events * 3 // 4), len(faults)))
    for moment, fault in zip(moments, faults, strict=True):
        yield moment, fault, chance


@asynccontextmanager
async def _publishing(load: Load) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(load.run())
    try:
        async with asyncio.timeout(_LOAD_S):
            yield task
    finally:
        task.cancel()


async def settled(world: World, events: Sequence[Planned], scenario: Scenario) -> list[str]:
    """Wait until all came to its end, or for as long as that may take; in words, which queues are then not empty."""
    duties = {
        Duty(event.number, slug)
        for event in events
        if not event.refused
        for slug in event.hearers
        if slug not in scenario.down
    }
    left: dict[str, int] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(scenario.settles_within_s):
            while not {*await _delivered(world)} >= duties or (left := await _on_the_way(world, scenario)):  # noqa: ASYNC110 - asked
                await asyncio.sleep(0.3)
            return []
    return [f"after {scenario.settles_within_s:g} s {queue} holds {count}" for queue, count in left.items()]


async def _delivered(world: World) -> Counter[Duty]:
    """What each service took so far."""
    delivered = Counter[Duty]()
    for destination in world.destinations.values():
        await destination.look()
        delivered.update(destination.accepted)
    return delivered


async def _on_the_way(world: World, scenario: Scenario) -> dict[str, int]:
    """The queues that are not empty and ought to be."""
    may_wait = ("mih.delay.", *map(names.service_queue, scenario.down)) if scenario.down else ()
    queues = [
        name
        for name in await queues_of(world.amqp_url, world.management_url)
        if not name.startswith((*_RESTING, *may_wait))
    ]
    return {name: count for name, count in (await depths(world.amqp_url, queues)).items() if count}


async def _indexed(world: World, found: Found) -> list[str]:
    """Ask the index of the dead for each service; in words, where it is not what lies in the queue."""
    dead = Counter(duty.service for duty in found.dead)
    url = load_settings(world.hub.environment).effective_database_url()
    async with DeadIndex.open(url) as index:
        known = await index.counts()
    return [
        f"the index knows {known.get(slug, 0)} dead for {slug}, where {dead[slug]} are"
        for slug in SLUGS
        if known.get(slug, 0) != dead[slug]
    ]


async def _ended(world: World) -> list[str]:
    """Stop all roles in order; in words, what did not end so."""
    trouble = []
    for role, process in list(world.hub.processes.items()):
        if process.returncode is not None:
            trouble.append(f"{role} ended by itself with {process.returncode}")
            world.hub.processes.pop(role)
        elif code := await world.hub.stop(role):
            trouble.append(f"{role} told to stop ended with {code}")
    return trouble
