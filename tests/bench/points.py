"""What the scaling part varies, one thing at a time: each series from its smallest point upwards."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import aio_pika
import httpx
from ground import Ground
from numbered_events import SIZE, Message, event
from sides import PROGRAM, ROLES, SLUG, RunningHub, registry_of

from topology import names

_KIB = 1024
_SCRAPE_EVERY_S = 1
_PATIENCE_S = 60
_DOOR = re.compile(r'"address":"([\d.]+:\d+)"')


@asynccontextmanager
async def _nobody_listens(_: Ground, __: RunningHub) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def _listened_to(ground: Ground, running: RunningHub) -> AsyncIterator[None]:
    """As users listen: a queue hears of every outcome, and a monitor reads the figures of each role."""
    connection = await aio_pika.connect(running.amqp_url)
    async with connection, connection.channel() as channel:
        queue = await channel.declare_queue("bench.outcomes", durable=True)
        await queue.bind(names.OUTCOMES, "#")
    doors = [door for role in ROLES for door in _DOOR.findall((ground.folder / f"{role}.log").read_text())]
    assert len(doors) == len(ROLES), f"{len(doors)} doors of {len(ROLES)} roles are open"
    async with asyncio.TaskGroup() as group:
        scraping = group.create_task(_scrape(doors))
        yield
        scraping.cancel()


async def _scrape(doors: Sequence[str]) -> None:
    # A hub that stands still while its backlog is made answers late.
    async with httpx.AsyncClient(timeout=_PATIENCE_S, trust_env=False) as client:
        while True:
            for door in doors:
                (await client.get(f"http://{door}/metrics")).raise_for_status()
            await asyncio.sleep(_SCRAPE_EVERY_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One hub, and what it is fed."""

    name: str
    senders: int = 1
    slugs: Sequence[str] = (SLUG,)
    #: Besides the one that each service has.
    rules: Sequence[str] = ()
    #: Bytes of an event.
    size: int = SIZE
    #: That each event becomes: one for each rule that matches.
    requests: int = 1
    program: Sequence[str] = PROGRAM
    environment: Mapping[str, str] = field(default_factory=dict)
    surrounded: Callable[[Ground, RunningHub], AbstractAsyncContextManager[None]] = _nobody_listens

    def registry(self, address: str) -> str:
        return registry_of(address, self.slugs, more="\n".join(self.rules))

    def write(self, number: int) -> Message:
        return event(number, self.size, kind=f"{self.slugs[number % len(self.slugs)]}.order")


@dataclass(frozen=True, slots=True)
class Series:
    """Points of which the first is what the others are compared with."""

    title: str
    points: Sequence[Point]
    note: str = ""
    #: For each that was asked for.
    rounds: int = 1


def all_series() -> Iterator[Series]:
    """In the order in which they are measured."""
    yield Series("Sender processes", [Point(name="1"), *(Point(name=str(count), senders=count) for count in (2, 4))])
    yield Series("Services", [Point(name="1"), *map(_services, (10, 100))], "The events go to all of them in turns.")
    yield Series(
        "Size of an event", [Point(name="0.4 KiB"), *(Point(name=f"{kib} KiB", size=kib * _KIB) for kib in (4, 64))]
    )
    yield Series(
        "Rules that match each event", [Point(name="1"), *map(_matching, (3, 10))], "Each is a delivery of its own."
    )
    yield _rules()
    yield _said()


def _services(count: int) -> Point:
    return Point(name=str(count), slugs=[f"s{number:03d}" for number in range(count)])


def _matching(count: int) -> Point:
    return Point(name=str(count), rules=_alike(count - 1), requests=count)


def _rules() -> Series:
    of_others = [
        Point(name=f"{count:,}", rules=[*_alike(9), *_of_other_events(count - 10)], requests=10)
        for count in (10, 1_000, 10_000)
    ]
    crowded = Point(name="1,000, all for this event", rules=[*_alike(9), *_with_conditions(990)], requests=10)
    note = (
        "Ten match each event, the others are for other events, each tenth with a wildcard; but in the last row they"
        " are for this very event, with a condition that does not hold."
    )
    return Series("Rules", [*of_others, crowded], note)


def _said() -> Series:
    points = [
        Point(name="off", program=("silent.py",)),
        Point(name="on, nobody listens"),
        Point(name="on", environment={"MIH_HEALTH_ADDRESS": "127.0.0.1:0"}, surrounded=_listened_to),
    ]
    note = (
        "On: a queue is bound to mih.outcomes with the key #, and /metrics of each role is read each second."
        " Off, which no user can have: nothing is counted and no outcome published."
    )
    # A few per cent are sought, and two rounds of the same hub differ by more.
    return Series("Metrics and outcomes", points, note, rounds=4)


def _alike(count: int) -> list[str]:
    """Rules that match as the service's first one does."""
    return [_rule(f"also-{number}", f"{SLUG}.order") for number in range(count)]


def _of_other_events(count: int) -> list[str]:
    return [_rule(f"other-{n}", f"other{n}.*" if n % 10 == 0 else f"{SLUG}.other{n}") for n in range(count)]


def _with_conditions(count: int) -> list[str]:
    return [_rule(f"unmet-{n}", f"{SLUG}.order", f"when: {{customer: [d-{n}]}}, ") for n in range(count)]


def _rule(name: str, event: str, when: str = "") -> str:
    return f"  {name}: {{event: {event}, {when}service: {SLUG}, payload: '{{{{data}}}}'}}"
