"""Processes follow the registry: what is new within two seconds, and what was read last whatever happens."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from private_postgresql import PostgreSQL
from structlog.testing import capture_logs
from structlog.typing import EventDict

from pipeline.registry.follow import follow
from pipeline.registry.interventions import Interventions, InterventionStore
from pipeline.registry.model import ServiceBase
from pipeline.registry.registry import Registry
from pipeline.registry.section import Section
from pipeline.registry.store import RevisionStore
from pipeline.registry.transport_schema import TransportSchema

pytest_plugins = ["registry_databases"]

NEVER_S = 3600.0
BROKEN: dict[str, Any] = {"version": 1, "services": {"lake": {"transport": "from a later MIH"}}}


class Rest(ServiceBase):
    transport: Literal["rest"]


TRANSPORTS = {"rest": TransportSchema("rest", Rest, Section)}


def document(slug: str) -> dict[str, Any]:
    return {"version": 1, "services": {slug: {"transport": "rest"}}}


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
async def store(url: str) -> AsyncIterator[RevisionStore]:
    async with RevisionStore.open(url) as opened:
        yield opened


@pytest.fixture
async def words(url: str) -> AsyncIterator[InterventionStore]:
    async with InterventionStore.open(url) as opened:
        yield opened


async def apply(store: RevisionStore, applied: dict[str, Any]) -> int:
    return await store.append(applied, by="ana", at=datetime.now(UTC))


def registry_in(new: Interventions | Registry) -> Registry:
    assert isinstance(new, Registry)
    return new


@asynccontextmanager
async def following(
    store: RevisionStore, words: InterventionStore, nudge: asyncio.Event | None = None, interval_s: float = 0.02
) -> AsyncIterator[Callable[[], asyncio.Task[Registry]]]:
    """Gives a way to wait for the next registry, in a task of its own."""
    news = follow(store, words, TRANSPORTS, nudge=nudge or asyncio.Event(), interval_s=interval_s)

    async def next_one() -> Registry:
        async with asyncio.timeout(10):
            return registry_in(await anext(news))

    yield lambda: asyncio.create_task(next_one())


async def until(logs: Sequence[EventDict], level: str) -> EventDict:
    deadline = time.monotonic() + 10
    while True:
        if found := next((entry for entry in logs if entry["log_level"] == level), None):
            return found
        assert time.monotonic() < deadline, f"nothing logged as {level}"
        await asyncio.sleep(0.01)


async def test_the_newest_comes_at_once(store: RevisionStore, words: InterventionStore) -> None:
    await apply(store, document("a"))
    await apply(store, document("b"))
    async with following(store, words, interval_s=NEVER_S) as next_registry:
        registry = await next_registry()
    assert (registry.revision, list(registry.services)) == (2, ["b"])


async def test_the_first_is_waited_for(store: RevisionStore, words: InterventionStore) -> None:
    async with following(store, words) as next_registry:
        coming = next_registry()
        assert await store.latest_number() == 0
        await apply(store, document("a"))
        assert (await coming).revision == 1


async def test_a_new_one_comes_within_two_seconds_of_being_applied(
    store: RevisionStore, words: InterventionStore
) -> None:
    await apply(store, document("a"))
    news = follow(store, words, TRANSPORTS, nudge=asyncio.Event())
    assert registry_in(await anext(news)).revision == 1
    await apply(store, document("b"))
    async with asyncio.timeout(2):
        assert registry_in(await anext(news)).revision == 2


async def test_a_nudge_makes_it_come_at_once(store: RevisionStore, words: InterventionStore) -> None:
    await apply(store, document("a"))
    nudge = asyncio.Event()
    async with following(store, words, nudge, interval_s=NEVER_S) as next_registry:
        await next_registry()
        await apply(store, document("b"))
        nudge.set()
        assert (await next_registry()).revision == 2
    assert not nudge.is_set()


async def test_a_revision_that_cannot_be_read_here_is_told_once_and_passed_over(
    store: RevisionStore, words: InterventionStore
) -> None:
    await apply(store, document("a"))
    async with following(store, words) as next_registry:
        assert (await next_registry()).revision == 1
        with capture_logs() as logs:
            coming = next_registry()
            await apply(store, BROKEN)
            told = await until(logs, "error")
            await apply(store, document("b"))
            assert (await coming).revision == 3
    assert logs == [told]
    assert told["revision"] == 2
    assert "unknown transport 'from a later MIH', expected rest" in told["reasons"]


async def test_a_database_that_is_away_is_told_once_and_followed_again(postgresql: PostgreSQL) -> None:
    url = postgresql.new_database()
    async with (
        RevisionStore.open(url) as store,
        InterventionStore.open(url) as words,
        following(store, words) as next_registry,
    ):
        await apply(store, document("a"))
        assert (await next_registry()).revision == 1
        with capture_logs() as logs:
            coming = next_registry()
            await asyncio.to_thread(postgresql.stop)
            try:
                away = await until(logs, "warning")
            finally:
                await asyncio.to_thread(postgresql.start)
            back = await until(logs, "info")
            await apply(store, document("b"))
            assert (await coming).revision == 2
    assert logs == [away, back]
    assert "***" in away["reason"]
