"""The connection to SQLite or PostgreSQL: how it is opened, and what is said when it is away.

A file that is not there is a database that is away, as a server is that does not answer: who made an empty one in its
place would follow that, and with it nobody's word, when the right one is back. So a file is made by who begins a hub
only (`mih apply`, `mih up`), and each use of a connection looks whether its file is still the one at this path.
"""

import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import asyncpg  # type: ignore[import-untyped]  # ships no type hints
from sqlalchemy import URL, MetaData, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from pipeline.errors import DatabaseMissing, Misconfigured, Unavailable

#: Seconds for which a database may be busy or not answer.
PATIENCE_S = 5.0
#: By dialect, the INSERT that can say what to do where the row is there already.
INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
#: The place in a connection's notes of the file that it opened.
_FILE = "file"
#: By driver, what may stand behind the ? of an address.
_OPTIONS = {
    "sqlite+aiosqlite": frozenset[str](),
    "postgresql+asyncpg": frozenset({"host", "passfile", "ssl", "target_session_attrs"}),
}


class Database:
    """One database, and the tables that a store keeps in it; connects when first asked."""

    def __init__(self, engine: AsyncEngine, tables: MetaData) -> None:
        self._engine = engine
        self._tables = tables
        self._is_prepared = False

    @property
    def dialect(self) -> str:
        """The language it speaks: `sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection to a database that has the tables.

        Raises Unavailable, also for what goes wrong inside.
        """
        with _reaching(self._engine.url):
            if not self._is_prepared:
                await _create_tables(self._engine, self._tables)
                self._is_prepared = True
            async with self._engine.connect() as connection:
                try:
                    yield connection
                except DBAPIError:
                    # Whatever is wrong with it, or with the tables, the next one begins anew.
                    self._is_prepared = False
                    await connection.invalidate()
                    raise


@asynccontextmanager
async def open_database(url: str, tables: MetaData, patience_s: float = PATIENCE_S) -> AsyncIterator[Database]:
    """The database at an SQLAlchemy URL; waits `patience_s` for an answer.

    Raises Misconfigured for a URL that is neither SQLite's nor PostgreSQL's.
    """
    address = _address(url)
    with _expected():
        engine = (_sqlite if _is_file(address) else _postgresql)(address, patience_s)
    try:
        yield Database(engine, tables)
    finally:
        await engine.dispose()


class Store:
    """What is kept in some tables of one database."""

    TABLES: ClassVar[MetaData]

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, patience_s: float = PATIENCE_S) -> AsyncIterator[Self]:
        """The store at an SQLAlchemy URL; connects when first asked, and waits `patience_s` for an answer.

        Raises Misconfigured for a URL that cannot be meant.
        """
        async with open_database(url, cls.TABLES, patience_s) as database:
            yield cls(database)


def create_database(url: str) -> None:
    """Make SQLite's file where there is none, for its owner only; what is there is left alone.

    Raises Misconfigured for a URL that is neither SQLite's nor PostgreSQL's, and Unavailable.
    """
    address = _address(url)
    if _is_file(address):
        with _reaching(address):
            _create_private(Path(address.database or ""))


def _address(text: str) -> URL:
    with _expected():
        url = make_url(text)
    if url.drivername not in _OPTIONS:
        raise Misconfigured(f"MIH_DATABASE_URL: found {url.drivername}://, expected sqlite:///… or postgresql://…")
    if unknown := sorted(url.query.keys() - _OPTIONS[url.drivername]):
        known = ", ".join(sorted(_OPTIONS[url.drivername])) or "none"
        raise Misconfigured(f"MIH_DATABASE_URL: found the option {unknown[0][:40]}, expected of those: {known}")
    if _is_file(url) and url.database in {None, "", ":memory:"}:
        raise Misconfigured("MIH_DATABASE_URL: expected the path of a file after sqlite:///")
    return url


@contextmanager
def _expected() -> Iterator[None]:
    """Turn what SQLAlchemy and the drivers say of an address into Misconfigured."""
    try:
        yield
    except (ArgumentError, ValueError):
        # The text is not repeated: it may hold a password.
        raise Misconfigured("MIH_DATABASE_URL: expected sqlite:///… or postgresql://…") from None


def _is_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


@contextmanager
def _reaching(url: URL) -> Iterator[None]:
    """Turn every way in which a database can be away into Unavailable, with the address and without its password."""
    try:
        yield
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as away:
        cause = away.orig if isinstance(away, DBAPIError) else away
        reason = (str(cause) or type(cause).__name__).splitlines()[0]
        raise Unavailable(_unusable(url, reason)) from None


def _unusable(url: URL, reason: str) -> str:
    return f"the database {url.set(query={}).render_as_string(hide_password=True)} cannot be used: {reason}"


async def _create_tables(engine: AsyncEngine, tables: MetaData) -> None:
    """Create what is absent; another process may do so at once, and be the first at any of the tables."""
    for left in reversed(range(len(tables.tables) + 1)):
        try:
            async with engine.begin() as connection:
                await connection.run_sync(tables.create_all)
        except DBAPIError:
            if not left:
                raise
        else:
            return


def _postgresql(url: URL, patience_s: float) -> AsyncEngine:
    # A ping before use finds the connections that died with the server.
    patience = {"timeout": patience_s, "command_timeout": patience_s}
    return create_async_engine(url, pool_size=1, max_overflow=4, pool_pre_ping=True, connect_args=patience)


def _sqlite(url: URL, patience_s: float) -> AsyncEngine:
    path = Path(url.database or "").absolute()

    def open_what_is_there(_: Any, record: Any, arguments: list[Any], __: Any) -> None:
        # Looked at before it is opened: should it be replaced between the two, the next use opens it once more.
        record.info[_FILE] = found = _identity(path)
        if found is None:
            reason = "there is no such file; `mih apply` makes it on a new machine"
            raise DatabaseMissing(_unusable(url, reason)) from None
        arguments[:] = [f"{path.as_uri()}?mode=rw"]

    def look_again(_: Any, record: Any, __: Any) -> None:
        if record.info[_FILE] != _identity(path):
            raise DisconnectionError

    engine = create_async_engine(url, pool_size=1, max_overflow=4, connect_args={"timeout": patience_s, "uri": True})
    event.listen(engine.sync_engine, "do_connect", open_what_is_there)
    event.listen(engine.sync_engine, "connect", _write_ahead)
    event.listen(engine.sync_engine, "checkout", look_again)
    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another at the same path; none where there is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _create_private(path: Path) -> None:
    """Create the folder and file for their owner only; SQLite gives its journals the file's mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A file that is there is left alone: closing it would end the locks of this process's other connections (POSIX),
    # and another process, which then believes to be the last one, would clear the write-ahead log away under them.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _write_ahead(connection: Any, _: Any) -> None:
    """Let readers and the one writer not wait for each other."""
    with contextlib.closing(connection.cursor()) as cursor:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as refused:
            # Where another one writes, SQLite refuses this at once, without the patience that it has otherwise. The
            # file works in either mode, and keeps the one it has: whoever opens it next asks again.
            if refused.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
