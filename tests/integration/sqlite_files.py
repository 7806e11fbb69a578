"""SQLite databases as `mih apply` begins them: a file of its owner's, without tables."""

from pathlib import Path

from pipeline.database import create_database


def new_file(path: Path) -> str:
    """The address of a new database at this path."""
    url = f"sqlite+aiosqlite:///{path}"
    create_database(url)
    return url
