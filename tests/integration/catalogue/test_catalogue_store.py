"""What every database must do for the event catalogue."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipeline.catalogue import MAX_NAMES, CatalogueStore, SeenType
from pipeline.catalogue.sightings import Sightings
from pipeline.event import Event

pytest_plugins = ["registry_databases"]

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


@pytest.fixture
async def url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
async def store(url: str) -> AsyncIterator[CatalogueStore]:
    async with CatalogueStore.open(url) as opened:
        yield opened


def sightings(*seen: tuple[str, Any], source: str = "shop", at: datetime = NOON) -> Any:
    noting = Sightings()
    for event_type, data in seen:
        noting.note(Event("e1", source, event_type, data), at)
    return noting.take()


async def test_an_empty_database_has_seen_nothing(store: CatalogueStore) -> None:
    assert await store.types() == []
    assert await store.names() == {}


async def test_counts_grow_and_the_newest_time_source_and_sample_are_kept(store: CatalogueStore) -> None:
    await store.add(sightings(("order", {"n": 1}), ("order", {"n": 2}), ("refund", None)))
    await store.add(sightings(("order", {"price": Decimal("0.12345678901234567")}), source="till", at=LATER))
    assert await store.types() == [
        SeenType("order", 3, NOON, LATER, "till"),
        SeenType("refund", 1, NOON, NOON, "shop"),
    ]
    assert await store.sample("order") == {"price": Decimal("0.12345678901234567")}
    assert await store.sample("refund") is None
    assert await store.names() == {"order": {"n", "price"}, "refund": frozenset()}


async def test_hostile_types_sources_and_names_are_kept_in_words_that_harm_nobody(store: CatalogueStore) -> None:
    odd = "a\x00\x1b[2J\u202e'; drop table event_types; --\U0001f600"
    await store.add(sightings((odd, {odd: odd, "n" * 200: odd, "\U0001f600" * 200: 1}), source=odd))
    [seen] = await store.types()
    assert seen.type == seen.source == "a��[2J�'; drop table event_types; --\U0001f600"
    assert (await store.names())[seen.type] == {"n" * 200, "\U0001f600" * 200}


async def test_writers_at_once_lose_no_count(url: str) -> None:
    """Also when the first of them creates the tables, and each has the types in another order."""
    types = [f"type-{number}" for number in range(30)]

    async def write(number: int) -> None:
        turned = types[number:] + types[:number]
        async with CatalogueStore.open(url) as store:
            for turn in range(5):
                await store.add(sightings(*((name, {f"from{number}": 1, f"turn{turn}": 1}) for name in turned)))

    await asyncio.gather(*map(write, range(4)))
    async with CatalogueStore.open(url) as store:
        assert [(seen.type, seen.events) for seen in await store.types()] == [(name, 20) for name in sorted(types)]
        names = {*(f"from{number}" for number in range(4)), *(f"turn{turn}" for turn in range(5))}
        assert await store.names() == dict.fromkeys(types, names)


async def test_where_there_are_too_many_types_new_ones_are_left_out_and_known_ones_go_on(
    store: CatalogueStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CatalogueStore, "MAX_TYPES", 3)
    assert await store.add(sightings(("a", {"x": 1}), ("b", {}))) == 0
    assert await store.add(sightings(("a", {"y": 1}), ("d", {"z": 1}), ("c", {}), ("e", {}))) == 2
    assert [(seen.type, seen.events) for seen in await store.types()] == [("a", 2), ("b", 1), ("c", 1)]
    assert await store.names() == {"a": {"x", "y"}, "b": set(), "c": set()}


async def test_a_type_whose_keys_are_values_does_not_fill_the_database(store: CatalogueStore) -> None:
    for process in range(3):
        await store.add(sightings(*(("odd", {f"id-{process}-{n}": 1}) for n in range(300))))
    assert len((await store.names())["odd"]) == MAX_NAMES


async def test_nothing_seen_is_nothing_written(store: CatalogueStore) -> None:
    assert await store.add({}) == 0
    assert await store.types() == []


async def test_as_much_as_may_wait_can_be_written_at_once(store: CatalogueStore) -> None:
    many = sightings(*((f"type-{n}", {f"name{m}": m for m in range(30)}) for n in range(1_000)))
    assert await store.add(many) == 0
    assert len(await store.types()) == 1_000
