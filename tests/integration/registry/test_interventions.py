"""What every database must do for people's word."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import create_async_engine

from pipeline.registry.interventions import INTERVENTIONS, MAX_TEXT, Intervention, InterventionStore, Kind

pytest_plugins = ["registry_databases"]

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def said(kind: Kind = Kind.PAUSED, name: str = "till", who: str = "ana", why: str = "they move house") -> Intervention:
    return Intervention(kind, name, who, why, NOON)


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
async def words(url: str) -> AsyncIterator[InterventionStore]:
    async with InterventionStore.open(url) as opened:
        yield opened


async def test_at_first_nothing_is_said(words: InterventionStore) -> None:
    assert list(await words.all()) == []


async def test_what_was_said_comes_back_as_it_was(words: InterventionStore, url: str) -> None:
    for kind in (Kind.PAUSED, Kind.STOPPED, Kind.BREAKER_OPEN):
        await words.put(said(kind, why="años \U0001f600"))
    async with InterventionStore.open(url) as later:
        view = await later.all()
    assert view.paused("till") == said(Kind.PAUSED, why="años \U0001f600")
    assert view.stopped("till") == said(Kind.STOPPED, why="años \U0001f600")
    assert view.forced("till") == said(Kind.BREAKER_OPEN, why="años \U0001f600")


async def test_a_time_of_another_zone_is_the_same_time(words: InterventionStore) -> None:
    here = NOON.astimezone(timezone(timedelta(hours=-5)))
    await words.put(Intervention(Kind.PAUSED, "till", "ana", "why", here))
    assert [one.at.isoformat() for one in await words.all()] == ["2026-01-02T12:00:00+00:00"]


async def test_the_last_word_replaces_the_one_before(words: InterventionStore) -> None:
    await words.put(said())
    await words.put(said(who="ben", why="still moving"))
    assert list(await words.all()) == [said(who="ben", why="still moving")]


async def test_a_breaker_forced_closed_is_forced_open_no_more(words: InterventionStore) -> None:
    await words.put(said(Kind.BREAKER_OPEN))
    await words.put(said(Kind.BREAKER_CLOSED))
    assert list(await words.all()) == [said(Kind.BREAKER_CLOSED)]


async def test_of_20_who_speak_at_once_one_has_the_last_word(url: str) -> None:
    async def speak(number: int) -> None:
        async with InterventionStore.open(url) as store:
            await store.put(said(Kind.BREAKER_OPEN if number % 2 else Kind.BREAKER_CLOSED, who=f"w{number}"))

    await asyncio.gather(*map(speak, range(20)))
    async with InterventionStore.open(url) as store:
        assert len(list(await store.all())) == 1


async def test_what_is_only_added_leaves_a_word_that_is_there(words: InterventionStore) -> None:
    assert await words.add(said()) is True
    assert await words.add(said(who="mih")) is False
    assert list(await words.all()) == [said()]


async def test_of_20_who_add_at_once_one_is_told_that_it_was_he(url: str) -> None:
    async def add(number: int) -> bool:
        async with InterventionStore.open(url) as store:
            return await store.add(said(who=f"w{number}"))

    written = await asyncio.gather(*map(add, range(20)))
    async with InterventionStore.open(url) as store:
        assert [one.who for one in await store.all()] == [f"w{number}" for number in range(20) if written[number]]


async def test_taking_back_tells_whether_there_was_a_word(words: InterventionStore) -> None:
    await words.put(said())
    await words.put(said(name="lake"))
    assert await words.remove(Kind.STOPPED, "till") is False
    assert await words.remove(Kind.PAUSED, "till") is True
    assert await words.remove(Kind.PAUSED, "till") is False
    assert list(await words.all()) == [said(name="lake")]


async def test_a_forced_breaker_is_taken_back_whichever_way_it_was_forced(words: InterventionStore) -> None:
    await words.put(said(Kind.BREAKER_CLOSED))
    assert await words.remove(Kind.BREAKER_OPEN, "till") is True
    assert list(await words.all()) == []


async def test_a_reason_is_one_line_that_every_database_and_terminal_can_have(words: InterventionStore) -> None:
    await words.put(said(why="\x00down\n\n\tsince \x1b[31m noon \ud800"))
    assert [one.why for one in await words.all()] == ["�down since �[31m noon �"]
    await words.put(said(why="x" * 10_000))
    assert [len(one.why) for one in await words.all()] == [MAX_TEXT]


async def test_a_kind_that_a_later_mih_wrote_is_passed_over(words: InterventionStore, url: str) -> None:
    await words.put(said())
    await words.put(said(Kind.STOPPED, "orders"))
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(update(INTERVENTIONS).where(INTERVENTIONS.c.name == "orders").values(kind="muted"))
    await engine.dispose()
    assert list(await words.all()) == [said()]
