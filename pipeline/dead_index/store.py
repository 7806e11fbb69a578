"""The index in SQL: one row per letter and place, written by recorders, looked up by people.

A row is written again as often as its letter is told of: the same place and id is the same letter, and the later death
counts. So recorders may work side by side, and die between writing and acknowledging.
"""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    tuple_,
)

from pipeline.database import INSERT, Store
from pipeline.dead_index.letter import Entry, Letter
from pipeline.dead_index.selection import Selection, lowered

#: Rows that are read at once: a list of any length is as small in memory as these.
_PAGE = 1_000

_METADATA = MetaData()
#: What is long comes last: SQLite reads a row from its beginning, and a list stops before the body.
DEAD_LETTERS = Table(
    "dead_letters",
    _METADATA,
    Column("place", String, primary_key=True),
    Column("letter_id", String, primary_key=True),
    Column("service", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("event_type", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("revision", Integer),
    Column("reason", Text, nullable=False),
    Column("status", Integer),
    Column("fingerprint", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("died_at", DateTime(timezone=True), nullable=False),
    Column("indexed_at", DateTime(timezone=True), nullable=False),
    Column("routing_key", Text, nullable=False),
    Column("content_type", Text),
    Column("content_encoding", Text),
    Column("app_id", Text),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary),
    Index("dead_letters_by_cause", "place", "fingerprint", "died_at", "letter_id"),
)
DROPPED_LETTERS = Table(
    "dropped_letters",
    _METADATA,
    Column("place", String, primary_key=True),
    Column("why", String, primary_key=True),
    Column("letters", BigInteger, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
)

_C = DEAD_LETTERS.c
_KEY = ("place", "letter_id")
_ENTRY = [DEAD_LETTERS.c[field.name] for field in fields(Entry)]
_ORDER = (_C.place, _C.fingerprint, _C.died_at, _C.letter_id)


@dataclass(frozen=True, slots=True)
class Group:
    """Letters at one place with one cause; `reason` is that of one of them."""

    place: str
    fingerprint: str
    letters: int
    first: datetime
    last: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Letters that a limit took away, at one place and for one reason."""

    place: str
    why: str
    letters: int
    since: datetime
    last_at: datetime


class DeadIndex(Store):
    """The index in one database."""

    TABLES = _METADATA

    async def add(self, letters: Iterable[Letter]) -> None:
        """Add letters, all of them or none; one that is there is replaced, unless it died later.

        Raises Unavailable.
        """
        # In the order of the key, so that two who write at once do not wait for each other in a circle.
        rows = {(letter.place, letter.letter_id): _row(letter) for letter in letters}
        if rows:
            await self._write(_ADD[self._database.dialect], [rows[key] for key in sorted(rows)])

    async def remove(self, place: str, letter_ids: Iterable[str], *, died_before: datetime) -> None:
        """Remove letters that left their place; those of them that have died again since stay.

        Raises Unavailable.
        """
        at = _utc(died_before)
        if rows := [{"of": place, "id": one, "at": at} for one in sorted(set(letter_ids))]:
            await self._write(_REMOVE, rows)

    async def select(self, selection: Selection) -> AsyncIterator[Entry]:
        """Every letter that is meant, by place, cause and time; read page by page, so that nothing waits for it.

        Raises Unavailable.
        """
        after: tuple[Any, ...] | None = None
        while True:
            page = select(*_ENTRY).where(*self._meant(selection)).order_by(*_ORDER).limit(_PAGE)
            rows = await self._read(page if after is None else page.where(_after(after)))
            for row in rows:
                yield Entry(**_fields(row))
            if len(rows) < _PAGE:
                return
            after = tuple(rows[-1][column.name] for column in _ORDER)

    async def letters(self, wanted: str) -> list[Letter]:
        """The letters with this id, or of the event with this id, with their messages.

        Raises Unavailable.
        """
        meant = or_(_C.letter_id == wanted, _C.event_id == wanted)
        rows = await self._read(select(DEAD_LETTERS).where(meant).order_by(_C.died_at).limit(_PAGE))
        return [_letter(row) for row in rows]

    async def letter(self, place: str, letter_id: str) -> Letter | None:
        """The letter with this id at this place, with its message.

        Raises Unavailable.
        """
        rows = await self._read(select(DEAD_LETTERS).where(_C.place == place, _C.letter_id == letter_id))
        return _letter(rows[0]) if rows else None

    async def groups(self, selection: Selection) -> list[Group]:
        """The causes of the letters that are meant, at each place, the one with the most letters first.

        Raises Unavailable.
        """
        counted = (
            func.count().label("letters"),
            func.min(_C.died_at).label("first"),
            func.max(_C.died_at).label("last"),
        )
        query = (
            select(_C.place, _C.fingerprint, *counted, func.min(_C.reason).label("reason"))
            .where(*self._meant(selection))
            .group_by(_C.place, _C.fingerprint)
            .order_by(_C.place, func.count().desc(), _C.fingerprint)
        )
        return [Group(**_fields(row)) for row in await self._read(query)]

    async def counts(self) -> dict[str, int]:
        """How many letters the index knows, by place.

        Raises Unavailable.
        """
        rows = await self._read(select(_C.place, func.count().label("letters")).group_by(_C.place))
        return {row["place"]: row["letters"] for row in rows}

    async def death_of_newest(self, place: str, nth: int) -> datetime | None:
        """When the n-th newest letter of a place died; None where it has not so many.

        Raises Unavailable.
        """
        query = select(_C.died_at).where(_C.place == place).order_by(_C.died_at.desc()).offset(nth - 1).limit(1)
        return next((_utc(row["died_at"]) for row in await self._read(query)), None)

    async def note_dropped(self, place: str, letters: int, *, why: str, at: datetime) -> None:
        """Count letters that a limit took away.

        Raises Unavailable.
        """
        row = {"place": place, "why": why, "letters": letters, "since": _utc(at), "last_at": _utc(at)}
        await self._write(_NOTE[self._database.dialect], [row])

    async def dropped(self) -> list[Dropped]:
        """What limits took away so far.

        Raises Unavailable.
        """
        query = select(DROPPED_LETTERS).order_by(DROPPED_LETTERS.c.place, DROPPED_LETTERS.c.why)
        return [Dropped(**_fields(row)) for row in await self._read(query)]

    def _meant(self, selection: Selection) -> list[ColumnElement[bool]]:
        # PostgreSQL lowers every alphabet unless it is told; SQLite, and a selection in memory, only A to Z.
        reason = _C.reason if self._database.dialect == "sqlite" else _C.reason.collate("C")
        said: list[tuple[object, ColumnElement[bool]]] = [
            (selection.place is not None, _C.place == selection.place),
            (selection.ids, _C.letter_id.in_(selection.ids)),
            (selection.fingerprint, _C.fingerprint == selection.fingerprint),
            (selection.died_before, _C.died_at < _utc(selection.died_before or datetime.now(UTC))),
            (selection.reason, func.lower(reason).contains(lowered(selection.reason), autoescape=True)),
        ]
        return [condition for word, condition in said if word]

    async def _read(self, query: Any) -> Sequence[RowMapping]:
        async with self._database.connection() as connection:
            return (await connection.execute(query)).mappings().all()

    async def _write(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        async with self._database.connection() as connection:
            await connection.execute(statement, rows)
            await connection.commit()


def _row(letter: Letter) -> dict[str, Any]:
    row = {field.name: getattr(letter, field.name) for field in fields(letter)}
    times = {name: _utc(row[name]) for name in ("died_at", "indexed_at")}
    # In ASCII, for a header can hold what no database's text can.
    return {**row, **times, "headers": json.dumps(letter.headers)}


def _fields(row: RowMapping) -> dict[str, Any]:
    return {name: _utc(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _letter(row: RowMapping) -> Letter:
    return Letter(**{**_fields(row), "headers": json.loads(row["headers"])})


def _after(last: tuple[Any, ...]) -> ColumnElement[bool]:
    return tuple_(*_ORDER) > tuple_(*last)


def _utc(time: datetime) -> datetime:
    # SQLite keeps no time zone; what is written is UTC.
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _add(insert: Any) -> Any:
    adding = insert(DEAD_LETTERS)
    newer = {column.name: adding.excluded[column.name] for column in DEAD_LETTERS.c if column.name not in _KEY}
    return adding.on_conflict_do_update(
        index_elements=_KEY, set_=newer, where=adding.excluded.died_at >= DEAD_LETTERS.c.died_at
    )


def _note(insert: Any) -> Any:
    noting = insert(DROPPED_LETTERS)
    more = {"letters": DROPPED_LETTERS.c.letters + noting.excluded.letters, "last_at": noting.excluded.last_at}
    return noting.on_conflict_do_update(index_elements=["place", "why"], set_=more)


_ADD = {dialect: _add(insert) for dialect, insert in INSERT.items()}
_NOTE = {dialect: _note(insert) for dialect, insert in INSERT.items()}
_REMOVE = delete(DEAD_LETTERS).where(
    and_(_C.place == bindparam("of"), _C.letter_id == bindparam("id"), _C.died_at < bindparam("at"))
)
