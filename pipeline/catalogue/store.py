"""The catalogue in SQL: for each type of event how often, since when, until when, from where, a sample, its names.

Several routers write at once: each adds its counts in one statement of the database's own, and in the order of the
types, so that none waits for another in a circle.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, DateTime, MetaData, String, Table, Text, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pipeline import exact_json
from pipeline.catalogue.sample import seen
from pipeline.catalogue.shape import MAX_NAMES
from pipeline.catalogue.sightings import Sighting
from pipeline.database import INSERT, Store

_METADATA = MetaData()
EVENT_TYPES = Table(
    "event_types",
    _METADATA,
    Column("type", String, primary_key=True),
    Column("events", BigInteger, nullable=False),
    Column("first_seen", DateTime(timezone=True), nullable=False),
    Column("last_seen", DateTime(timezone=True), nullable=False),
    Column("source", Text, nullable=False),
    Column("sample", Text, nullable=False),
)
EVENT_NAMES = Table(
    "event_names",
    _METADATA,
    Column("type", String, primary_key=True),
    Column("name", String, primary_key=True),
)
_SHOWN = [column for column in EVENT_TYPES.c if column.name != "sample"]


@dataclass(frozen=True, slots=True)
class SeenType:
    """A type of event, as often as it was seen; `source` is who sent the last one."""

    type: str
    events: int
    first_seen: datetime
    last_seen: datetime
    source: str


class CatalogueStore(Store):
    """The catalogue in one database."""

    TABLES = _METADATA
    #: Types that are kept: who invents a type for each event must not fill the database.
    MAX_TYPES: ClassVar = 5_000

    async def add(self, sightings: Mapping[str, Sighting]) -> int:
        """Add what was seen, all of it or nothing; gives how many types there was no room for.

        Raises Unavailable.
        """
        known = dict(sorted({seen(event_type): sighting for event_type, sighting in sightings.items()}.items()))
        async with self._database.connection() as connection:
            kept = await self._kept(connection, known)
            names = await _new_names(connection, kept)
            if kept:
                await connection.execute(_ADD_TYPES[self._database.dialect], [_row(*item) for item in kept.items()])
            if names:
                await connection.execute(_ADD_NAMES[self._database.dialect], names)
            await connection.commit()
        return len(known) - len(kept)

    async def types(self) -> list[SeenType]:
        """Every type that was seen, in the order of the alphabet.

        Raises Unavailable.
        """
        async with self._database.connection() as connection:
            rows = (await connection.execute(select(*_SHOWN).order_by(EVENT_TYPES.c.type))).all()
        return [SeenType(row.type, row.events, _utc(row.first_seen), _utc(row.last_seen), row.source) for row in rows]

    async def sample(self, event_type: str) -> Any:
        """The data of an event of a type that was seen, shortened.

        Raises Unavailable.
        """
        async with self._database.connection() as connection:
            query = select(EVENT_TYPES.c.sample).where(EVENT_TYPES.c.type == event_type)
            return exact_json.loads((await connection.execute(query)).scalar_one())

    async def names(self) -> dict[str, frozenset[str]]:
        """The names that the data of each type had; of a type with MAX_NAMES of them, some may be missing.

        Raises Unavailable.
        """
        async with self._database.connection() as connection:
            types = (await connection.execute(select(EVENT_TYPES.c.type))).scalars().all()
            rows = (await connection.execute(select(EVENT_NAMES.c.type, EVENT_NAMES.c.name))).all()
        names: dict[str, set[str]] = defaultdict(set)
        for event_type, name in rows:
            names[event_type].add(name)
        return {event_type: frozenset(names[event_type]) for event_type in types}

    async def _kept(self, connection: AsyncConnection, sightings: Mapping[str, Sighting]) -> dict[str, Sighting]:
        """Leave out the types that are new where there are too many already."""
        count = (await connection.execute(select(func.count()).select_from(EVENT_TYPES))).scalar_one()
        query = select(EVENT_TYPES.c.type).where(EVENT_TYPES.c.type.in_(sightings))
        there = set((await connection.execute(query)).scalars())
        new = [event_type for event_type in sightings if event_type not in there]
        left_out = set(new[max(self.MAX_TYPES - count, 0) :])
        return {event_type: sighting for event_type, sighting in sightings.items() if event_type not in left_out}


async def _new_names(connection: AsyncConnection, sightings: Mapping[str, Sighting]) -> list[dict[str, str]]:
    """Give the rows of names, of each type as many as there is room for."""
    named = {event_type: sorted(sighting.names) for event_type, sighting in sightings.items() if sighting.names}
    query = select(EVENT_NAMES.c.type, func.count()).where(EVENT_NAMES.c.type.in_(named)).group_by(EVENT_NAMES.c.type)
    there = {row[0]: row[1] for row in (await connection.execute(query)).all()}
    return [
        {"type": event_type, "name": name}
        for event_type, names in named.items()
        for name in names[: max(MAX_NAMES - there.get(event_type, 0), 0)]
    ]


def _row(event_type: str, sighting: Sighting) -> dict[str, Any]:
    return {
        "type": event_type,
        "events": sighting.count,
        "first_seen": sighting.first_seen.astimezone(UTC),
        "last_seen": sighting.last_seen.astimezone(UTC),
        "source": sighting.source,
        "sample": exact_json.dumps(sighting.sample).decode(),
    }


def _add_types(insert: Any) -> Any:
    adding = insert(EVENT_TYPES)
    newest = {name: adding.excluded[name] for name in ("last_seen", "source", "sample")}
    return adding.on_conflict_do_update(
        index_elements=["type"], set_={"events": EVENT_TYPES.c.events + adding.excluded.events, **newest}
    )


_ADD_TYPES = {dialect: _add_types(insert) for dialect, insert in INSERT.items()}
_ADD_NAMES = {dialect: insert(EVENT_NAMES).on_conflict_do_nothing() for dialect, insert in INSERT.items()}


def _utc(found: datetime) -> datetime:
    # SQLite keeps no time zone; what is written is UTC.
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
