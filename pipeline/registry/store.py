"""The revisions of the registry in SQL: numbered, immutable, the highest is in force.

Two people who apply at the same time both try to write the same next number; the table lets one have it. The other is
told what happened, or, where he did not say what he had seen before, takes the number after it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, Text, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from pipeline.database import Store
from pipeline.errors import MihError, Unavailable
from pipeline.registry.sealing import resealed
from pipeline.secret_keys import SecretKeys

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


@dataclass(frozen=True, slots=True)
class Resealed:
    """What sealing the history anew came to."""

    secrets: int
    revisions: int
    #: What does not open and was left as it is.
    closed: tuple[str, ...]


class RevisionStore(Store):
    """The registry's revisions in one database."""

    TABLES = _METADATA

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

    async def reseal(self, keys: SecretKeys, tell: Callable[[int, int], None] = lambda _done, _all: None) -> Resealed:
        """Seal every secret of every revision with the newest key, all or none; `tell` hears how many are done of all.

        Raises Unavailable, and then nothing is changed.
        """
        secrets, changed = 0, 0
        closed: list[str] = []
        async with self._database.connection() as connection:
            query = select(REVISIONS.c.number).order_by(REVISIONS.c.number)
            numbers = (await connection.execute(query)).scalars().all()
            for done, number in enumerate(numbers, start=1):
                count, wrong = await _reseal(connection, number, keys)
                secrets, changed = secrets + count, changed + (count > 0)
                closed += (f"revision {number}: {one}" for one in wrong)
                tell(done, len(numbers))
            await connection.commit()
        return Resealed(secrets, changed, tuple(closed))

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


async def _reseal(connection: AsyncConnection, number: int, keys: SecretKeys) -> tuple[int, list[str]]:
    row = REVISIONS.c.number == number
    document = json.loads((await connection.execute(select(REVISIONS.c.document).where(row))).scalar_one())
    count, closed = resealed(document, keys)
    if count:
        values = {"document": json.dumps(document), "sha256": fingerprint(document)}
        await connection.execute(update(REVISIONS).where(row).values(values))
    return count, closed


async def _latest_number(connection: AsyncConnection) -> int:
    return (await connection.execute(select(func.max(REVISIONS.c.number)))).scalar_one() or 0


async def _digest(connection: AsyncConnection, number: int) -> str | None:
    query = select(REVISIONS.c.sha256).where(REVISIONS.c.number == number)
    return (await connection.execute(query)).scalar_one_or_none()
