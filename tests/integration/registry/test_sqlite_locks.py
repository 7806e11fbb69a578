"""SQLite's file among several processes and connections: its locks are the process's, and go with any closing of it."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlite_files import new_file

from pipeline.database import open_database

TABLES = MetaData()
NUMBERS = Table("numbers", TABLES, Column("number", Integer, primary_key=True))
#: Opens the file, writes, and closes it: whoever believes to be the last one there clears the write-ahead log away.
ANOTHER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("INSERT INTO numbers VALUES (?)", (int(sys.argv[2]),))
connection.commit()
connection.close()
"""


async def another_process_writes(path: Path, number: int) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", ANOTHER, str(path), str(number))
    assert await process.wait() == 0


async def test_a_further_connection_of_this_process_does_not_end_the_locks_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "mih.db"
    url = new_file(path)
    async with open_database(url, TABLES) as first, first.connection() as reading:
        await reading.execute(insert(NUMBERS).values(number=0))
        await reading.commit()
        for number in range(1, 20):
            async with open_database(url, TABLES) as further, further.connection():
                await another_process_writes(path, number)
            found = (await reading.execute(select(NUMBERS.c.number))).scalars().all()
            await reading.rollback()
            assert sorted(found) == list(range(number + 1))


async def test_a_file_that_another_one_writes_opens_before_it_has_a_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "mih.db"
    url = new_file(path)
    async with open_database(url, TABLES) as database, database.connection():
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN IMMEDIATE")
        async with open_database(url, TABLES) as database, database.connection() as reading:
            assert (await reading.execute(select(NUMBERS.c.number))).scalars().all() == []
    async with open_database(url, TABLES) as database, database.connection() as later:
        assert (await later.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
