"""What every database must do for the registry's revisions."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlite_files import new_file

from pipeline.errors import Unavailable
from pipeline.registry.store import REVISIONS, Outdated, RevisionStore

pytest_plugins = ["registry_databases"]

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def document(name: str) -> dict[str, Any]:
    return {"version": 1, "services": {name: {"transport": "rest", "description": "añb\n\x00\U0001f600"}}}


@pytest.fixture
async def url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
async def store(url: str) -> AsyncIterator[RevisionStore]:
    async with RevisionStore.open(url) as opened:
        yield opened


async def test_an_empty_database_is_at_revision_0(store: RevisionStore) -> None:
    assert await store.latest_number() == 0


async def test_revisions_are_numbered_from_1_and_come_back_as_they_were(store: RevisionStore) -> None:
    assert await store.append(document("a"), by="ana", at=NOON, expected_base=0) == 1
    assert await store.append(document("b"), by="ana", at=NOON, expected_base=1) == 2
    assert await store.latest_number() == 2
    assert [await store.load(1), await store.load(2)] == [document("a"), document("b")]


async def test_a_document_in_force_makes_no_new_revision_whatever_the_order_of_its_keys(store: RevisionStore) -> None:
    await store.append(document("a"), by="ana", at=NOON)
    turned = dict(reversed(document("a").items()))
    assert await store.append(turned, by="ben", at=NOON) == 1
    assert await store.append(document("a"), by="ben", at=NOON, expected_base=0) == 1
    assert await store.latest_number() == 1


async def test_an_earlier_document_can_be_put_in_force_again(store: RevisionStore) -> None:
    for name in ("a", "b", "a"):
        await store.append(document(name), by="ana", at=NOON)
    assert await store.latest_number() == 3
    assert await store.load(3) == document("a")


async def test_who_comes_too_late_is_told_and_changes_nothing(store: RevisionStore) -> None:
    await store.append(document("a"), by="ana", at=NOON, expected_base=0)
    with pytest.raises(Outdated, match="is at revision 1 now, this was made from revision 0"):
        await store.append(document("b"), by="ben", at=NOON, expected_base=0)
    assert await store.latest_number() == 1


async def test_a_base_that_never_was_is_refused(store: RevisionStore) -> None:
    with pytest.raises(Outdated):
        await store.append(document("a"), by="ana", at=NOON, expected_base=7)
    assert await store.latest_number() == 0


async def test_a_revision_that_is_not_there_is_unavailable(store: RevisionStore) -> None:
    with pytest.raises(Unavailable, match="there is no revision 3"):
        await store.load(3)


async def test_of_20_at_once_from_the_same_base_one_wins(url: str) -> None:
    async def apply(name: str) -> int | None:
        async with RevisionStore.open(url) as store:
            try:
                return await store.append(document(name), by=name, at=NOON, expected_base=0)
            except Outdated:
                return None

    numbers = await asyncio.gather(*(apply(f"s{number}") for number in range(20)))
    assert sorted(numbers, key=bool) == [None] * 19 + [1]
    async with RevisionStore.open(url) as store:
        assert await store.latest_number() == 1
        assert await store.load(1) == document(f"s{numbers.index(1)}")


async def test_20_at_once_without_a_base_each_get_a_number_of_their_own(url: str) -> None:
    async def apply(name: str) -> int:
        async with RevisionStore.open(url) as store:
            return await store.append(document(name), by=name, at=NOON)

    numbers = await asyncio.gather(*(apply(f"s{number}") for number in range(20)))
    assert sorted(numbers) == list(range(1, 21))
    async with RevisionStore.open(url) as store:
        for index, number in enumerate(numbers):
            assert await store.load(number) == document(f"s{index}")


async def test_who_applied_and_when_is_written_down(store: RevisionStore, url: str) -> None:
    await store.append(document("a"), by="ana", at=NOON)
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        row = (await connection.execute(REVISIONS.select())).one()
    await engine.dispose()
    assert (row.applied_by, row.applied_at.replace(tzinfo=UTC)) == ("ana", NOON)


async def test_sqlite_files_are_their_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "mih.db"
    async with RevisionStore.open(new_file(path)) as store:
        await store.append(document("a"), by="ana", at=NOON)
        modes = {file.name: file.stat().st_mode & 0o777 for file in (path.parent, *path.parent.iterdir())}
    assert modes == {"state": 0o700, "mih.db": 0o600, "mih.db-wal": 0o600, "mih.db-shm": 0o600}


async def test_sqlite_is_read_while_somebody_else_writes(tmp_path: Path) -> None:
    async with RevisionStore.open(new_file(tmp_path / "mih.db"), patience_s=0.1) as store:
        await store.append(document("a"), by="ana", at=NOON)
        with sqlite3.connect(tmp_path / "mih.db") as other:
            other.execute("BEGIN IMMEDIATE")
            assert await store.latest_number() == 1
