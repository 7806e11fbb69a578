"""Which news of a breaker a fleet passes on to its lines."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pipeline.registry.interventions import Interventions
from pipeline.registry.model import ServiceBase
from pipeline.senders.fleet import Fleet, Running
from pipeline.senders.line import Line
from pipeline.senders.served import Served
from pipeline.senders.word import Word
from pipeline.shared_state.permit import Standing, State


class OverTaken:
    """A look at the breakers during which an attempt of this process opens one."""

    def __init__(self) -> None:
        self.interventions = Interventions()
        self.line: Line | None = None
        self.looks = asyncio.Queue[bool]()

    async def alive(self, *_: object) -> None:
        """Nobody asks."""

    async def states(self, slugs: Iterable[str]) -> Mapping[str, Standing]:
        is_open = self.line is not None and self.line.state is State.OPEN
        if self.line and not is_open:
            self.line.learn(State.OPEN)
        self.looks.put_nowait(is_open)
        return dict.fromkeys(slugs, Standing())


async def test_a_look_that_began_before_an_attempt_opened_the_breaker_does_not_close_it() -> None:
    """The log said open, closed, open within 40 ms, and a consumer came and went each time."""
    around = OverTaken()
    served, nothing = Served.of("erp", ServiceBase(transport="rest")), cast("Any", None)
    word = Word(cast("Any", around), nothing)
    line = around.line = Line(nothing, served, 1, nothing, nothing, word)
    fleet = Fleet(nothing, cast("Any", around), word, nothing, "rest", 1)
    resting = asyncio.create_task(asyncio.sleep(0))
    fleet.running["erp"] = Running(line, resting)
    watching = asyncio.create_task(fleet.watch_breakers())
    assert not await around.looks.get()
    await asyncio.sleep(0)
    heard = [line.state]
    assert await around.looks.get()
    await asyncio.sleep(0)
    assert [*heard, line.state] == [State.OPEN, State.CLOSED]
    watching.cancel()
