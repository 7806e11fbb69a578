"""Processes that start together all find the tables, whoever of them was the first at each."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, Table, event
from sqlite_files import new_file

from pipeline.database import open_database


async def test_another_process_that_is_the_first_at_each_table_is_no_failure(tmp_path: Path) -> None:
    path, tables = tmp_path / "mih.db", MetaData()
    overtaken = []

    def overtake(table: Table, *_: object, **__: object) -> None:
        with closing(sqlite3.connect(path)) as other:
            other.execute(f"CREATE TABLE {table.name} (n INTEGER)")
        overtaken.append(table.name)

    for name in ("one", "two", "three"):
        event.listen(Table(name, tables, Column("n", Integer)), "before_create", overtake)
    async with open_database(new_file(path), tables) as database, database.connection() as connection:
        for table in tables.sorted_tables:
            await connection.execute(table.insert().values(n=1))
        await connection.commit()
    assert sorted(overtaken) == ["one", "three", "two"]
