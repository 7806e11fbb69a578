"""When a line asks for a probe, and when it does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from pipeline.errors import Unavailable
from pipeline.registry.interventions import Interventions
from pipeline.registry.model import ServiceBase
from pipeline.senders.line import Line
from pipeline.senders.served import Served
from pipeline.senders.word import Word
from pipeline.shared_state.permit import Answer, Later, Open, State


@dataclass
class Around:
    """What a line has around it: a broker that may block, permits, and people who say nothing."""

    answer: Answer
    asked: int = 0
    unblocked: asyncio.Event = field(default_factory=asyncio.Event)
    taking: asyncio.Event = field(default_factory=asyncio.Event)
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    interventions: Interventions = field(default_factory=Interventions)

    def __post_init__(self) -> None:
        self.taking.set()

    async def ready(self) -> None:
        await self.unblocked.wait()

    async def takes_publishes(self, _: asyncio.Event) -> bool:
        await self.taking.wait()
        return not self.lost.is_set()

    async def channel(self) -> Any:
        raise Unavailable("no channels here")

    async def ask(self, *_: object, **__: object) -> Answer:
        self.asked += 1
        return self.answer


@asynccontextmanager
async def probing(around: Around) -> AsyncIterator[Line]:
    served = Served.of("erp", ServiceBase(transport="rest"))
    line = Line(
        cast("Any", around),
        served,
        1,
        cast("Any", None),
        cast("Any", around),
        Word(cast("Any", around), cast("Any", None)),
    )
    line.state = State.OPEN
    running = asyncio.create_task(line.run())
    await settled()
    try:
        yield line
    finally:
        line.retire()
        around.unblocked.set()
        around.taking.set()
        await asyncio.wait_for(running, 5)


async def settled() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


async def test_no_probe_starts_while_the_broker_blocks_publishers() -> None:
    around = Around(Open(30))
    async with probing(around):
        assert around.asked == 0
        around.unblocked.set()
        await settled()
        assert around.asked == 1


async def test_no_probe_starts_before_the_broker_takes_what_is_published() -> None:
    """Opened in an alarm, a session hears of it only when it publishes: probes were taken, held and made suspect."""
    around = Around(Open(30))
    around.unblocked.set()
    around.taking.clear()
    async with probing(around):
        assert around.asked == 0
        around.taking.set()
        await settled()
        assert around.asked == 1


async def test_a_probe_that_meets_a_full_window_consumes_instead_of_asking_on_and_on() -> None:
    """Closed by another, with one in flight; without Redis no wait was in that loop, and the whole process stood."""
    around = Around(Later(0.1))
    around.unblocked.set()
    async with probing(around) as line:
        assert line.state is State.CLOSED
        assert around.asked == 1


async def test_what_is_no_news_wakes_nobody() -> None:
    """Each line of a thousand woke at each look at the breakers, and each that probed asked again."""
    around = Around(Open(30))
    around.unblocked.set()
    async with probing(around) as line:
        for state in (State.HALF_OPEN, State.OPEN, State.OPEN):
            line.learn(state)
            await settled()
        assert around.asked == 1
