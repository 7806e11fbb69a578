"""Databases for the registry's tests: a SQLite file, and a private PostgreSQL."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from private_postgresql import PostgreSQL, free_port, installed_programs
from sqlite_files import new_file

#: Makes the address of a new, empty database.
NewDatabase = Callable[[], str]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    programs = installed_programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed, and in CI nothing is skipped")
        pytest.skip("PostgreSQL is not installed")
    # Not pytest's own folder: that is closed to the user as whom PostgreSQL runs.
    with tempfile.TemporaryDirectory(prefix="mih-postgresql-") as folder:
        server = PostgreSQL(programs, Path(folder), free_port())
        server.create()
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> NewDatabase:
    if request.param == "sqlite":
        return lambda: new_file(tmp_path / uuid4().hex / "mih.db")
    new: NewDatabase = request.getfixturevalue("postgresql").new_database
    return new
