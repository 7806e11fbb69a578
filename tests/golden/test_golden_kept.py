"""What a release kept beside the queues, in SQL, in Redis and sealed, is what the next one finds."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
import pytest
from golden_message import RELEASES
from kept_now import AT_MS, DOCUMENTS, POLICY, WINDOW, WORDS, load_redis
from redis import Redis
from sqlalchemy import MetaData
from written_now import AT, order

from pipeline.attempt.permits import Permits
from pipeline.catalogue.sightings import Sightings
from pipeline.catalogue.store import EVENT_TYPES, CatalogueStore
from pipeline.dead_index import DeadIndex
from pipeline.dead_index.selection import Selection
from pipeline.dead_index.store import DEAD_LETTERS
from pipeline.registry.interventions import INTERVENTIONS, Intervention, InterventionStore, Kind
from pipeline.registry.sealed import unseal
from pipeline.registry.store import REVISIONS, RevisionStore
from pipeline.secret_keys import read_keys
from pipeline.shared_state import Claims, SharedState, open_shared_state
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Burden, Known, Open, Permit, State
from pipeline.shared_state.tokens import Kept, Tokens

WITH_MORE = [release for release in RELEASES if (release / "database.sql").exists()]
of_every_release = pytest.mark.parametrize("release", WITH_MORE, ids=lambda release: release.name)
TABLES: list[MetaData] = [table.metadata for table in (REVISIONS, INTERVENTIONS, EVENT_TYPES, DEAD_LETTERS)]


def database_of(release: Path, folder: Path) -> str:
    """The file of a release, as that left it."""
    connection = sqlite3.connect(folder / "mih.db")
    connection.executescript((release / "database.sql").read_text())
    connection.close()
    return f"sqlite+aiosqlite:///{folder}/mih.db"


@of_every_release
def test_a_database_of_a_release_has_every_table_and_column_that_is_asked_for_now(
    release: Path, tmp_path: Path
) -> None:
    database_of(release, tmp_path)
    with sqlite3.connect(tmp_path / "mih.db") as connection:
        for table in (table for metadata in TABLES for table in metadata.tables.values()):
            there = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
            # Nothing adds a column to a table that is there: who needs a new one brings it in a new table.
            assert {column.name for column in table.columns} <= there, table.name


@of_every_release
async def test_the_registry_and_what_people_said_are_found_and_go_on(release: Path, tmp_path: Path) -> None:
    url = database_of(release, tmp_path)
    async with RevisionStore.open(url) as revisions, InterventionStore.open(url) as words:
        assert [await revisions.load(number) for number in (1, 2)] == DOCUMENTS
        assert await revisions.append(DOCUMENTS[1], by="anna", at=AT) == 2
        assert await revisions.append(DOCUMENTS[0], by="anna", at=AT) == 3
        assert set(await words.all()) == set(WORDS)
        assert not await words.add(Intervention(Kind.PAUSED, "archive", "mih", "again", AT))
        assert await words.remove(Kind.PAUSED, "archive")


@of_every_release
async def test_the_index_of_the_dead_and_the_catalogue_are_found_and_go_on(release: Path, tmp_path: Path) -> None:
    url = database_of(release, tmp_path)
    async with DeadIndex.open(url) as index, CatalogueStore.open(url) as catalogue:
        assert await index.counts() == {"till": 1, "lake": 1, "sis": 1, "invalid": 3}
        [letter] = [entry async for entry in index.select(Selection(place="till"))]
        assert (letter.rule, letter.status, letter.attempts) == ("to-till", 503, 3)
        whole = await index.letter("till", letter.letter_id)
        assert whole is not None
        await index.add([whole])
        assert [dropped.letters for dropped in await index.dropped()] == [2]
        seen = Sightings()
        seen.note(order(2), AT)
        await catalogue.add(seen.take())
        assert [(one.type, one.events) for one in await catalogue.types()] == [("shop.order", 2)]


@of_every_release
def test_a_secret_that_a_release_sealed_opens(release: Path) -> None:
    kept = orjson.loads((release / "sealed.json").read_bytes())
    assert unseal(kept["sealed"], kept["place"], read_keys(kept["key"])) == kept["secret"]


@pytest.fixture
async def shared(redis_url: str) -> AsyncIterator[SharedState]:
    async with open_shared_state(redis_url, monotonic) as shared:
        yield shared


def shared_by(release: Path) -> dict[str, Any]:
    kept: dict[str, Any] = orjson.loads((release / "redis.json").read_bytes())
    return kept


@of_every_release
async def test_what_senders_and_ingest_shared_goes_on_to_be_shared(
    release: Path, redis_url: str, shared: SharedState
) -> None:
    load_redis(redis_url, shared_by(release))
    claims, breakers = Claims(shared), Breakers(shared)
    assert (await claims.claim("done", "another", WINDOW)).is_done
    in_flight = await claims.claim("flight", "another", WINDOW)
    assert (in_flight.id, in_flight.is_done) == ("event-flight", False)
    assert await breakers.permit("till", POLICY, "key-closed", "t", now_ms=AT_MS) == Known()
    assert await breakers.permit("open", POLICY, "key", "t", now_ms=AT_MS + 1) == Open(59.999)
    probe = await breakers.permit("open", POLICY, "key", "t", is_probe=True, now_ms=AT_MS + 60_000)
    assert isinstance(probe, Permit)
    assert probe.is_probe
    standings = await breakers.snapshot(["closed", "open", "flying"], now_ms=AT_MS + 1)
    assert (standings["closed"].latencies, standings["flying"].flying) == ({45: 1}, 1)
    assert await breakers.senders("rest", now_ms=AT_MS + 1) == 1
    assert isinstance(found := await Tokens(shared).take("issuer", "who", other_than=b"", lease_ms=1000), Kept)
    assert found.sealed == b"sealed"
    assert not shared.degraded


@pytest.mark.parametrize("odd", ["v9;another-shape", "a list"])
async def test_what_another_version_left_in_redis_in_another_shape_holds_no_message_up(
    odd: str, redis_url: str, shared: SharedState
) -> None:
    """Each key alone, so that Redis is not taken to be away for the others' sake."""
    with Redis.from_url(redis_url) as client:
        for key in shared_by(RELEASES[-1]):
            client.flushdb()
            client.rpush(key, odd) if odd == "a list" else client.set(key, odd)
            shared._away_until = 0.0  # noqa: SLF001 - a second later
            assert not (await Claims(shared).claim("done", "mine", WINDOW)).is_done, key
            assert (await Claims(shared).claim("flight", "mine", WINDOW)).id == "mine", key
            permits = Permits(shared, WINDOW)
            permit = await permits.ask("open", POLICY, key="my-key")
            assert isinstance(permit, Permit), key
            judged = await permits.report(
                "open", POLICY, permit, Burden(delivered=True), key="my-key", error="", latency_ms=41
            )
            assert judged.state is State.CLOSED, key
