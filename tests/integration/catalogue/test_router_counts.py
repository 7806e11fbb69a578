"""The router counts what it routed; what becomes of the counts never touches what it routes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from private_postgresql import PostgreSQL
from queues import without_ladder
from stages_world import World, a_world, eventually, registry_of
from structlog.testing import capture_logs

from pipeline.broker import Session, Take
from pipeline.catalogue import CatalogueStore, counting
from pipeline.catalogue.sightings import Sightings
from pipeline.event import Event
from pipeline.router import Router
from topology import names
from topology.entities import topology_of

pytest_plugins = ["registry_databases"]

REGISTRY = registry_of(("shop.*", "erp"))
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
AWAY = "the event catalogue cannot be written, events go on uncounted"
BACK = "the event catalogue is written again"


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url, without_ladder(topology_of(["erp"]))) as world:
        yield world


@asynccontextmanager
async def routing(world: World, url: str, interval_s: float = 0.05) -> AsyncIterator[None]:
    def take_in(session: Session) -> Take:
        return Router(session, lambda: REGISTRY, sightings.note).take

    async with counting(url, interval_s=interval_s) as sightings, world.stage("router", names.ROUTER, take_in):
        yield


async def publish(world: World, *events: tuple[str, Any]) -> None:
    for number, (event_type, data) in enumerate(events):
        event = Event(f"e{number}", "shop", event_type, data)
        await world.publish(names.NORMALIZED, event.key, event.to_bytes())


async def counts(url: str) -> dict[str, int]:
    async with CatalogueStore.open(url) as store:
        return {seen.type: seen.events for seen in await store.types()}


async def until_counted(url: str, expected: dict[str, int]) -> None:
    async def counted() -> bool:
        return expected.items() <= (await counts(url)).items()

    await eventually(counted, f"the catalogue holds {expected}")


async def test_what_the_router_routed_is_counted_while_it_runs(world: World, new_database: Callable[[], str]) -> None:
    url = new_database()
    async with routing(world, url):
        await publish(world, ("shop.order", {"n": 1}), ("shop.order", {"price": 2}), ("nobody.asks", None))
        await until_counted(url, {"shop.order": 2, "nobody.asks": 1})
        await publish(world, ("shop.order", {"n": 3}))
        await until_counted(url, {"shop.order": 3, "nobody.asks": 1})
    async with CatalogueStore.open(url) as store:
        assert (await store.names())["shop.order"] == {"n", "price"}


async def test_what_waits_is_written_down_at_the_end(world: World, new_database: Callable[[], str]) -> None:
    url = new_database()
    async with routing(world, url, interval_s=3_600):
        await publish(world, *[("shop.order", {"n": 1})] * 20)
        await world.until_depth(names.service_queue("erp"), 20)
        await world.until_depth(names.ROUTER, 0)
    assert await counts(url) == {"shop.order": 20}


async def test_what_cannot_be_read_is_not_counted(world: World, new_database: Callable[[], str]) -> None:
    url = new_database()
    async with routing(world, url):
        await world.publish(names.NORMALIZED, "shop.order", b"{}")
        await world.until_depth(names.INVALID, 1)
    assert await counts(url) == {}


async def test_a_database_that_goes_away_costs_no_event_and_gets_the_counts_when_it_is_back(
    world: World, postgresql: PostgreSQL
) -> None:
    url = postgresql.new_database()
    with capture_logs() as logs:
        async with routing(world, url):
            await publish(world, ("shop.order", {"n": 1}))
            await until_counted(url, {"shop.order": 1})
            await asyncio.to_thread(postgresql.stop)
            try:
                await publish(world, *[("shop.order", {"price": 2})] * 10)
                await world.until_depth(names.service_queue("erp"), 11)

                async def told() -> bool:
                    return any(line["event"] == AWAY for line in logs)

                await eventually(told, "it is said that counts wait")
                await publish(world, *[("shop.order", {"price": 2})] * 10)
                await world.until_depth(names.service_queue("erp"), 21)
            finally:
                await asyncio.to_thread(postgresql.start)
            await until_counted(url, {"shop.order": 21})
    assert [line["event"] for line in logs if line["event"] in {AWAY, BACK}] == [AWAY, BACK]
    assert not any("not-to-be-shown" in str(line) for line in logs)


async def test_a_database_that_was_never_there_costs_no_event_and_does_not_hold_up_the_stop(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    async with routing(world, f"sqlite+aiosqlite:///{tmp_path / 'state' / 'mih.db'}"):
        await publish(world, *[("shop.order", {"n": 1})] * 10)
        await world.until_depth(names.service_queue("erp"), 10)


async def test_a_full_catalogue_is_told_once(new_database: Callable[[], str]) -> None:
    url = new_database()
    async with CatalogueStore.open(url) as store:
        noting = Sightings()
        for turn in range(5):
            for number in range(1_000):
                noting.note(Event("e", "s", f"type-{turn}-{number}"), NOW)
            assert await store.add(noting.take()) == 0
    with capture_logs() as logs:
        async with counting(url, interval_s=0.01) as sightings:
            for number in range(3):
                sightings.note(Event("e", "s", f"one-more-{number}"), NOW)
                sightings.note(Event("e", "s", "type-0-0"), NOW)
                await until_counted(url, {"type-0-0": number + 2})
    assert [line["left_out"] for line in logs if "full" in line["event"]] == [1]
    assert len(await counts(url)) == 5_000
