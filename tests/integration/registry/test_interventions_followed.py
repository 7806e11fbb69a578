"""Every process goes by people's word: within two seconds, after a restart, and while the database is away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Literal

import pytest
from private_postgresql import PostgreSQL
from structlog.testing import capture_logs

from pipeline.registry import (
    CurrentRegistry,
    Intervention,
    Interventions,
    InterventionStore,
    Kind,
    Registry,
    RevisionStore,
    follow,
)
from pipeline.registry.model import ServiceBase
from pipeline.registry.section import Section
from pipeline.registry.transport_schema import TransportSchema

pytest_plugins = ["registry_databases"]

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PAUSED = Intervention(Kind.PAUSED, "till", "ana", "they move house", NOON)


class Rest(ServiceBase):
    transport: Literal["rest"]


TRANSPORTS = {"rest": TransportSchema("rest", Rest, Section)}


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    return new_database()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[RevisionStore, InterventionStore]]:
    """A process's own connections."""
    async with RevisionStore.open(url) as store, InterventionStore.open(url) as words:
        yield store, words


@asynccontextmanager
async def process(url: str) -> AsyncIterator[CurrentRegistry]:
    """The view of a process that follows."""
    async with opened(url) as stores, asyncio.TaskGroup() as group:
        current = CurrentRegistry(*stores, TRANSPORTS)
        following = group.create_task(current.follow())
        yield current
        following.cancel()


async def until(current: CurrentRegistry, is_so: Callable[[], bool], within_s: float = 10) -> None:
    """Await what a change makes so."""
    async with asyncio.timeout(within_s):
        while not is_so():
            await current.changed.wait()
            current.changed.clear()


async def apply(url: str) -> None:
    async with opened(url) as (store, _):
        await store.append({"version": 1, "services": {"till": {"transport": "rest"}}}, by="ana", at=NOON)


async def put(url: str, word: Intervention) -> None:
    async with opened(url) as (_, words):
        await words.put(word)


async def test_a_word_is_in_force_everywhere_within_two_seconds_and_taken_back_likewise(url: str) -> None:
    await apply(url)
    async with process(url) as one, process(url) as other:
        await asyncio.gather(one.loaded(), other.loaded())
        await put(url, PAUSED)
        for current in (one, other):
            await until(current, lambda: current.interventions.paused("till") == PAUSED, within_s=2)  # noqa: B023 - awaited here
        async with opened(url) as (_, words):
            await words.remove(Kind.PAUSED, "till")
        for current in (one, other):
            await until(current, lambda: current.interventions.paused("till") is None, within_s=2)  # noqa: B023 - awaited here


async def test_a_process_that_starts_reads_the_word_before_the_registry(url: str) -> None:
    await apply(url)
    await put(url, PAUSED)
    async with opened(url) as stores:
        news = follow(*stores, TRANSPORTS, nudge=asyncio.Event())
        said, registry = await anext(news), await anext(news)
    assert isinstance(said, Interventions)
    assert list(said) == [PAUSED]
    assert isinstance(registry, Registry)


async def test_a_word_is_in_force_also_where_the_registry_is_old(url: str) -> None:
    await apply(url)
    async with process(url) as current:
        await current.loaded()
        await put(url, PAUSED)
        await until(current, lambda: current.interventions.paused("till") is not None)
        assert current.get().revision == 1


async def test_a_database_that_is_away_keeps_the_last_word(postgresql: PostgreSQL) -> None:
    url = postgresql.new_database()
    await apply(url)
    await put(url, PAUSED)
    async with process(url) as current:
        await current.loaded()
        with capture_logs() as logs:
            await asyncio.to_thread(postgresql.stop)
            try:
                async with asyncio.timeout(20):
                    while not any(entry["log_level"] == "warning" for entry in logs):
                        current.nudge.set()
                        await asyncio.sleep(0.05)
                assert current.interventions.paused("till") == PAUSED
            finally:
                await asyncio.to_thread(postgresql.start)
        async with opened(url) as (_, words):
            await words.remove(Kind.PAUSED, "till")
        await until(current, lambda: current.interventions.paused("till") is None)


async def test_what_a_process_says_itself_is_in_force_everywhere(url: str) -> None:
    await apply(url)
    async with process(url) as one, process(url) as other:
        await asyncio.gather(one.loaded(), other.loaded())
        assert await one.intervene(PAUSED) is True
        for current in (one, other):
            await until(current, lambda: current.interventions.paused("till") == PAUSED)  # noqa: B023 - awaited here


async def test_what_a_process_says_does_not_replace_what_a_person_said(url: str) -> None:
    await apply(url)
    await put(url, PAUSED)
    async with process(url) as current:
        await current.loaded()
        assert await current.intervene(Intervention(Kind.PAUSED, "till", "mih", "401 three times", NOON)) is False
        assert current.interventions.paused("till") == PAUSED
