"""What people said of services and rules beside the registry: paused, stopped, a breaker forced; kept in SQL.

It outlives restarts and revisions: a service that is removed and applied again is still paused. Of one matter there is
one word only, the last: who forces a breaker closed has said that it is not forced open.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Self

from sqlalchemy import Column, DateTime, MetaData, Row, String, Table, Text, delete, select

from pipeline.database import INSERT, Store

#: Letters that are kept of a reason, or of a name.
MAX_TEXT = 500

_METADATA = MetaData()
INTERVENTIONS = Table(
    "interventions",
    _METADATA,
    Column("matter", String(16), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)


class Kind(StrEnum):
    """What can be said: of a service, of a rule, of a service's breaker."""

    PAUSED = "paused"
    STOPPED = "stopped"
    BREAKER_OPEN = "breaker-open"
    BREAKER_CLOSED = "breaker-closed"

    @property
    def matter(self) -> str:
        """What it is about; kinds with the same exclude each other."""
        return "breaker" if self in {Kind.BREAKER_OPEN, Kind.BREAKER_CLOSED} else self.value


@dataclass(frozen=True, slots=True)
class Intervention:
    """One word about a service or a rule: `mih` itself says some, such as that a service refuses our credentials."""

    kind: Kind
    name: str
    who: str
    why: str
    at: datetime

    def __str__(self) -> str:
        return f"by {self.who} at {self.at:%Y-%m-%d %H:%M} UTC: {self.why}"


@dataclass(frozen=True, slots=True)
class Interventions:
    """All that was said and not taken back, as it was last read."""

    _said: Mapping[tuple[str, str], Intervention] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Iterable[Intervention]) -> Self:
        """A view of these."""
        return cls({(one.kind.matter, one.name): one for one in said})

    def paused(self, slug: str) -> Intervention | None:
        """Who paused this service, if anybody did."""
        return self.about(Kind.PAUSED, slug)

    def stopped(self, rule: str) -> Intervention | None:
        """Who stopped this rule, if anybody did."""
        return self.about(Kind.STOPPED, rule)

    def breaker(self, slug: str) -> Literal["open", "closed"] | None:
        """What this service's breaker is forced to be."""
        forced = self.forced(slug)
        if forced is None:
            return None
        return "open" if forced.kind is Kind.BREAKER_OPEN else "closed"

    def forced(self, slug: str) -> Intervention | None:
        """Who forced this service's breaker, if anybody did."""
        return self.about(Kind.BREAKER_OPEN, slug)

    def about(self, kind: Kind, name: str) -> Intervention | None:
        """What was said of this name, of this kind or one that it excludes."""
        return self._said.get((kind.matter, name))

    def __iter__(self) -> Iterator[Intervention]:
        return iter(self._said.values())


class InterventionStore(Store):
    """What was said, in one database."""

    TABLES = _METADATA

    async def put(self, intervention: Intervention) -> None:
        """Write down a word; it replaces what was said of the same matter.

        Raises Unavailable.
        """
        adding = INSERT[self._database.dialect](INTERVENTIONS).values(_row(intervention))
        newest = {name: adding.excluded[name] for name in ("kind", "who", "why", "at")}
        await self._write(adding.on_conflict_do_update(index_elements=["matter", "name"], set_=newest))

    async def add(self, intervention: Intervention) -> bool:
        """Write down a word unless something was said of the same matter; gives whether it was written.

        Raises Unavailable.
        """
        adding = INSERT[self._database.dialect](INTERVENTIONS).values(_row(intervention))
        return await self._write(adding.on_conflict_do_nothing())

    async def remove(self, kind: Kind, name: str) -> bool:
        """Take back what was said, of this kind or one that it excludes; gives whether there was anything.

        Raises Unavailable.
        """
        return await self._write(delete(INTERVENTIONS).where(_is_about(kind, name)))

    async def all(self) -> Interventions:
        """All that is in force; what a later MIH said, of a kind that is unknown here, is passed over.

        Raises Unavailable.
        """
        async with self._database.connection() as connection:
            query = select(INTERVENTIONS).where(INTERVENTIONS.c.kind.in_(Kind)).order_by(*INTERVENTIONS.primary_key)
            return Interventions.of(map(_read, (await connection.execute(query)).all()))

    async def _write(self, statement: Any) -> bool:
        async with self._database.connection() as connection:
            done = await connection.execute(statement)
            await connection.commit()
            return bool(done.rowcount)


def _is_about(kind: Kind, name: str) -> Any:
    return (INTERVENTIONS.c.matter == kind.matter) & (INTERVENTIONS.c.name == name)


def _row(said: Intervention) -> dict[str, Any]:
    return {
        "matter": said.kind.matter,
        "name": said.name,
        "kind": said.kind.value,
        "who": _line(said.who),
        "why": _line(said.why),
        "at": said.at.astimezone(UTC),
    }


def _read(row: Row[Any]) -> Intervention:
    # SQLite keeps no time zone; what is written is UTC.
    at = row.at.replace(tzinfo=UTC) if row.at.tzinfo is None else row.at.astimezone(UTC)
    return Intervention(Kind(row.kind), row.name, row.who, row.why, at)


def _line(text: str) -> str:
    """Make one line of it, without what no terminal should obey and no database can hold."""
    line = " ".join(text.split())[:MAX_TEXT]
    return "".join(one if one.isprintable() else "�" for one in line)
