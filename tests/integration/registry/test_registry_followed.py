"""Processes follow the registry: new revisions within two seconds, and the last good one whatever happens."""

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
from pipeline.registry.model import Section, ServiceBase
from pipeline.registry.registry import Registry
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
async def store(new_database: Callable[[], str]) -> AsyncIterator[RevisionStore]:
    async with RevisionStore.open(new_database()) as opened:
        yield opened


async def apply(store: RevisionStore, applied: dict[str, Any]) -> int:
    return await store.append(applied, by="ana", at=datetime.now(UTC))


@asynccontextmanager
async def following(
    store: RevisionStore, nudge: asyncio.Event | None = None, interval_s: float = 0.02
) -> AsyncIterator[Callable[[], asyncio.Task[Registry]]]:
    """Gives a way to wait for the next registry, in a task of its own."""
    registries = follow(store, TRANSPORTS, nudge=nudge or asyncio.Event(), interval_s=interval_s)

    async def next_one() -> Registry:
        async with asyncio.timeout(10):
            return await anext(registries)

    yield lambda: asyncio.create_task(next_one())


async def until(logs: Sequence[EventDict], level: str) -> EventDict:
    deadline = time.monotonic() + 10
    while True:
        if found := next((entry for entry in logs if entry["log_level"] == level), None):
            return found
        assert time.monotonic() < deadline, f"nothing logged as {level}"
        await asyncio.sleep(0.01)


async def test_the_newest_comes_at_once(store: RevisionStore) -> None:
    await apply(store, document("a"))
    await apply(store, document("b"))
    async with following(store, interval_s=NEVER_S) as next_registry:
        registry = await next_registry()
    assert (registry.revision, list(registry.services)) == (2, ["b"])


async def test_the_first_is_waited_for(store: RevisionStore) -> None:
    async with following(store) as next_registry:
        coming = next_registry()
        assert await store.latest_number() == 0
        await apply(store, document("a"))
        assert (await coming).revision == 1


async def test_a_new_one_comes_within_two_seconds_of_being_applied(store: RevisionStore) -> None:
    await apply(store, document("a"))
    registries = follow(store, TRANSPORTS, nudge=asyncio.Event())
    assert (await anext(registries)).revision == 1
    await apply(store, document("b"))
    async with asyncio.timeout(2):
        assert (await anext(registries)).revision == 2


async def test_a_nudge_makes_it_come_at_once(store: RevisionStore) -> None:
    await apply(store, document("a"))
    nudge = asyncio.Event()
    async with following(store, nudge, interval_s=NEVER_S) as next_registry:
        await next_registry()
        await apply(store, document("b"))
        nudge.set()
        assert (await next_registry()).revision == 2
    assert not nudge.is_set()


async def test_a_revision_that_cannot_be_read_here_is_told_once_and_passed_over(store: RevisionStore) -> None:
    await apply(store, document("a"))
    async with following(store) as next_registry:
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
    async with (
        RevisionStore.open(postgresql.new_database()) as store,
        following(store) as next_registry,
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
