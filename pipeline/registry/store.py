"""The revisions of the registry in SQL: numbered, immutable, the highest is in force.

Two people who apply at the same time both try to write the same next number; the table lets one have it. The other is
told what happened, or, where he did not say what he had seen before, takes the number after it.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, Text, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from pipeline.database import PATIENCE_S, Database, open_database
from pipeline.errors import MihError, Unavailable

_METADATA = MetaData()
REVISIONS = Table(
    "registry_revisions",
    _METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False),
    Column("applied_by", Text, nullable=False),
)
#: Each try that fails means that somebody else succeeded; so many at once is no accident.
_MAX_TRIES = 100


class Outdated(MihError):
    """Somebody else applied a revision since the one that this document was made from."""


class RevisionStore:
    """The registry's revisions in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, patience_s: float = PATIENCE_S) -> AsyncIterator[Self]:
        """The store at an SQLAlchemy URL; connects when first asked, and waits `patience_s` for an answer.

        Raises Misconfigured for a URL that cannot be meant.
        """
        async with open_database(url, _METADATA, patience_s) as database:
            yield cls(database)

    async def latest_number(self) -> int:
        """The number of the revision in force; 0 while there is none.

        Raises Unavailable.
        """
        async with self._database.connection() as connection:
            return await _latest_number(connection)

    async def load(self, number: int) -> dict[str, Any]:
        """The document of a revision.

        Raises Unavailable, also where there is no such revision.
        """
        async with self._database.connection() as connection:
            query = select(REVISIONS.c.document).where(REVISIONS.c.number == number)
            text = (await connection.execute(query)).scalar_one_or_none()
        if text is None:
            raise Unavailable(f"there is no revision {number} of the registry")
        document: dict[str, Any] = json.loads(text)
        return document

    async def append(
        self, document: Mapping[str, Any], *, by: str, at: datetime, expected_base: int | None = None
    ) -> int:
        """Put a document in force and return its number; one that is in force already keeps its number.

        With `expected_base`, only if that revision (0: none) is still in force; without, whatever is.

        Raises Outdated and Unavailable.
        """
        for _ in range(_MAX_TRIES):
            number = await self._try_append(document, by, at, expected_base)
            if number is not None:
                return number
        raise Unavailable("too many others apply revisions of the registry at the same time")

    async def _try_append(
        self, document: Mapping[str, Any], by: str, at: datetime, expected_base: int | None
    ) -> int | None:
        digest = fingerprint(document)
        async with self._database.connection() as connection:
            base = await _latest_number(connection)
            if await _digest(connection, base) == digest:
                return base
            if expected_base not in {None, base}:
                raise Outdated(
                    f"the registry is at revision {base} now, this was made from revision {expected_base}: plan again"
                )
            row = {"number": base + 1, "document": json.dumps(document), "sha256": digest}
            row |= {"applied_at": at.astimezone(UTC), "applied_by": by}
            try:
                await connection.execute(insert(REVISIONS).values(row))
                await connection.commit()
            except IntegrityError:
                return None
            return base + 1


def fingerprint(document: Mapping[str, Any]) -> str:
    """The same for documents that say the same, in whatever order."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


async def _latest_number(connection: AsyncConnection) -> int:
    return (await connection.execute(select(func.max(REVISIONS.c.number)))).scalar_one() or 0


async def _digest(connection: AsyncConnection, number: int) -> str | None:
    query = select(REVISIONS.c.sha256).where(REVISIONS.c.number == number)
    return (await connection.execute(query)).scalar_one_or_none()
