"""A database that is away is said to be away, in one line without its password, and is used when it is back."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from private_postgresql import PASSWORD, PostgreSQL
from sqlite_files import new_file

from pipeline.database import create_database
from pipeline.errors import Misconfigured, Unavailable
from pipeline.registry.store import RevisionStore

pytest_plugins = ["registry_databases"]

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
DOCUMENT = {"version": 1}


async def told_by(call: Callable[[], Awaitable[object]]) -> str:
    with pytest.raises(Unavailable) as caught:
        await call()
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__, "a traceback would show the driver's"
    return str(caught.value)


async def test_postgresql_stopped_and_started(postgresql: PostgreSQL) -> None:
    async with RevisionStore.open(postgresql.new_database()) as store:
        await store.append(DOCUMENT, by="ana", at=NOON)
        await asyncio.to_thread(postgresql.stop)
        try:
            said = await told_by(store.latest_number)
            assert said.startswith("the database postgresql+asyncpg://mih:***@127.0.0.1:")
            assert PASSWORD not in said
        finally:
            await asyncio.to_thread(postgresql.start)
        assert await store.latest_number() == 1


async def test_postgresql_away_at_the_start_and_a_table_not_made_yet(postgresql: PostgreSQL) -> None:
    async with RevisionStore.open(postgresql.new_database()) as store:
        await asyncio.to_thread(postgresql.stop)
        try:
            await told_by(store.latest_number)
        finally:
            await asyncio.to_thread(postgresql.start)
        assert await store.latest_number() == 0


async def test_a_wrong_password_is_told_without_it(postgresql: PostgreSQL) -> None:
    url = postgresql.new_database().replace(PASSWORD, "a-wrong-secret")
    async with RevisionStore.open(url) as store:
        said = await told_by(store.latest_number)
    assert "password authentication failed" in said
    assert "a-wrong-secret" not in said


async def test_a_sqlite_folder_that_cannot_be_made_and_then_can(tmp_path: Path) -> None:
    in_the_way = tmp_path / "state"
    in_the_way.write_text("a file where a folder should be")
    url = f"sqlite+aiosqlite:///{in_the_way / 'mih.db'}"
    async with RevisionStore.open(url) as store:
        assert str(in_the_way) in await told_by(store.latest_number)
        assert str(in_the_way) in await told_by(lambda: asyncio.to_thread(create_database, url))
        in_the_way.unlink()
        create_database(url)
        assert await store.latest_number() == 0


async def test_a_file_that_is_no_sqlite_database(tmp_path: Path) -> None:
    path = tmp_path / "mih.db"
    path.write_text("this is no database, and long enough to be taken for none" * 40)
    async with RevisionStore.open(f"sqlite+aiosqlite:///{path}") as store:
        assert "file is not a database" in await told_by(store.latest_number)


async def test_a_sqlite_file_that_somebody_else_locks_and_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "mih.db"
    async with RevisionStore.open(new_file(path), patience_s=0.1) as store:
        assert await store.latest_number() == 0
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            said = await told_by(lambda: store.append(DOCUMENT, by="ana", at=NOON))
            assert "database is locked" in said
        assert await store.append(DOCUMENT, by="ana", at=NOON) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me:s3cret@db/mih", "MIH_DATABASE_URL: found mysql://, expected sqlite:///… or postgresql://…"),
        ("s3cret", "MIH_DATABASE_URL: expected sqlite:///… or postgresql://…"),
    ],
)
async def test_an_address_that_is_none(url: str, said: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        async with RevisionStore.open(url):
            pass
    assert str(caught.value) == said


async def test_a_database_that_was_emptied_under_a_running_process_gets_its_tables_again(tmp_path: Path) -> None:
    async with RevisionStore.open(new_file(tmp_path / "mih.db")) as store:
        await store.append(DOCUMENT, by="ana", at=NOON)
        with closing(sqlite3.connect(tmp_path / "mih.db")) as other:
            other.execute("DROP TABLE registry_revisions")
        await told_by(store.latest_number)
        assert await store.latest_number() == 0


async def test_a_sqlite_file_that_is_not_there_is_waited_for_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "state" / "mih.db"
    url = f"sqlite+aiosqlite:///{path}"
    async with RevisionStore.open(url) as store:
        said = await told_by(store.latest_number)
        assert (
            said == f"the database {url} cannot be used: there is no such file; `mih apply` makes it on a new machine"
        )
        assert not path.parent.exists()
        create_database(url)
        assert await store.append(DOCUMENT, by="ana", at=NOON) == 1


async def test_a_sqlite_file_that_is_moved_away_under_an_open_connection_is_missed_until_it_is_back(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mih.db"
    async with RevisionStore.open(new_file(path)) as store:
        await store.append(DOCUMENT, by="ana", at=NOON)
        files = [path, tmp_path / "mih.db-wal", tmp_path / "mih.db-shm"]
        for file in files:
            file.rename(tmp_path / f"away-{file.name}")
        assert "there is no such file" in await told_by(store.latest_number)
        assert not path.exists()
        for file in files:
            (tmp_path / f"away-{file.name}").rename(file)
        assert await store.latest_number() == 1


async def test_a_sqlite_file_that_is_replaced_under_an_open_connection_is_opened_anew(tmp_path: Path) -> None:
    path, other = tmp_path / "mih.db", tmp_path / "other" / "mih.db"
    async with RevisionStore.open(new_file(path)) as store, RevisionStore.open(new_file(other)) as elsewhere:
        assert await store.append(DOCUMENT, by="ana", at=NOON) == 1
        for document in ({"version": 1, "rules": {}}, DOCUMENT):
            number = await elsewhere.append(document, by="ana", at=NOON)
        # With its write-ahead log, which the connection to the old file must not tidy away.
        for file in other.parent.iterdir():
            file.rename(tmp_path / file.name)
        assert await store.latest_number() == number == 2
