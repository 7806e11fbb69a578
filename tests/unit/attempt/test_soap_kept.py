"""When a WSDL is looked at again; time is passed, and a look is what the test says."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from pipeline.attempt.soap.kept import KeptWsdl
from pipeline.errors import Unavailable


@dataclass(slots=True)
class _World:
    """A clock, and the looks: a word is what one gives, none is a look that fails."""

    looks: list[str | None]
    now: float = 0.0
    given: list[Any] = field(default_factory=list)

    def look(self, known: Any) -> Any:
        self.given.append(known)
        word = self.looks.pop(0)
        if word is None:
            raise Unavailable("away")
        return word

    def kept(self) -> Any:
        return KeptWsdl(self.look, lambda: self.now)


async def test_the_first_to_ask_waits_and_the_others_wait_with_him() -> None:
    world = _World(["one"])
    kept = world.kept()
    assert await asyncio.gather(*(kept.current() for _ in range(3))) == ["one"] * 3
    assert world.given == [None]


async def test_whoever_gives_up_waiting_leaves_the_look_to_the_next() -> None:
    world = _World(["one"])
    kept = world.kept()
    asking = asyncio.create_task(kept.current())
    await asyncio.sleep(0)
    asking.cancel()
    assert await kept.current() == "one"
    assert world.given == [None]


async def test_a_first_look_that_fails_is_told_and_made_again() -> None:
    world = _World([None, "one"])
    kept = world.kept()
    with pytest.raises(Unavailable, match="away"):
        await kept.current()
    assert await kept.current() == "one"


async def test_after_ten_minutes_it_is_looked_at_behind_the_back() -> None:
    world = _World(["one", "two"])
    kept = world.kept()
    await kept.current()
    world.now = 600
    assert await kept.current() == "one"
    assert world.given == [None]
    world.now = 601
    assert await kept.current() == "one"
    assert await kept.again() == "two"
    assert world.given == [None, "one"]


async def test_a_look_that_fails_keeps_the_old_for_another_ten_minutes() -> None:
    world = _World(["one", None])
    kept = world.kept()
    await kept.current()
    world.now = 601
    await kept.current()
    assert await kept.again() == "one"
    world.now = 1200
    assert await kept.current() == "one"
    assert world.looks == []


async def test_what_does_not_fit_has_it_looked_at_at_once_and_no_more_than_once_a_minute() -> None:
    world = _World(["one", "two", "three"])
    kept = world.kept()
    await kept.current()
    assert await kept.again() == "one"
    world.now = 61
    assert await kept.again() == "two"
    assert await kept.again() == "two"
    world.now = 122
    assert await kept.again() == "three"


async def test_what_does_not_fit_is_judged_by_the_old_where_the_look_fails() -> None:
    world = _World(["one", None])
    kept = world.kept()
    await kept.current()
    world.now = 61
    assert await kept.again() == "one"


async def test_a_doubt_has_it_looked_at_after_a_minute_instead_of_ten() -> None:
    world = _World(["one", "two"])
    kept = world.kept()
    await kept.current()
    kept.doubt()
    world.now = 60
    await kept.current()
    assert world.given == [None]
    world.now = 61
    await kept.current()
    assert await kept.again() == "two"
