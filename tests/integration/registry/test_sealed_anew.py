"""The history is sealed anew in every database: all of it or nothing, and what it says stays the same."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.revise import plan_files
from pipeline.registry.sealed import key_of, seal, unseal
from pipeline.registry.store import Resealed, RevisionStore
from pipeline.secret_keys import new_key, read_keys
from pipeline.settings import load_settings

pytest_plugins = ["registry_databases"]

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
OLD, NEW = new_key("old"), new_key("new")
BOTH = read_keys(f"{NEW},{OLD}")
PLACE = "services/erp/auth/token"


def document(secret: str, keys: str = OLD) -> dict[str, Any]:
    return {
        "version": 1,
        "services": {"erp": {"auth": {"token": seal(secret, PLACE, read_keys(keys))}, "key": "env:K"}},
    }


def token_in(stored: dict[str, Any]) -> str:
    token: str = stored["services"]["erp"]["auth"]["token"]
    return token


@pytest.fixture
async def store(new_database: Callable[[], str]) -> AsyncIterator[RevisionStore]:
    async with RevisionStore.open(new_database()) as opened:
        for secret in ("first", "second", "third"):
            await opened.append(document(secret), by="ana", at=NOON)
        yield opened


async def test_every_revision_is_sealed_with_the_newest_key_and_says_the_same(store: RevisionStore) -> None:
    assert await store.reseal(BOTH) == Resealed(3, 3, ())
    tokens = [token_in(await store.load(number)) for number in (1, 2, 3)]
    assert [key_of(token) for token in tokens] == ["new"] * 3
    assert [unseal(token, PLACE, read_keys(NEW)) for token in tokens] == ["first", "second", "third"]


async def test_what_is_sealed_with_the_newest_key_is_left(store: RevisionStore) -> None:
    await store.reseal(BOTH)
    before = await store.load(3)
    assert await store.reseal(BOTH) == Resealed(0, 0, ())
    assert await store.load(3) == before


async def test_what_was_sealed_anew_is_known_as_what_is_in_force(store: RevisionStore) -> None:
    await store.reseal(BOTH)
    assert await store.append(await store.load(3), by="ben", at=NOON) == 3


async def test_a_rotation_that_is_interrupted_changes_nothing(store: RevisionStore) -> None:
    before = [await store.load(number) for number in (1, 2, 3)]

    def interrupt(done: int, _of_all: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await store.reseal(BOTH, interrupt)
    assert [await store.load(number) for number in (1, 2, 3)] == before
    assert (await store.reseal(BOTH)).secrets == 3


async def test_what_does_not_open_is_told_with_its_revision_and_keeps_nothing_else_back(store: RevisionStore) -> None:
    await store.append(document("fourth", new_key("lost")), by="ana", at=NOON)
    found = await store.reseal(BOTH)
    assert (found.secrets, found.revisions, len(found.closed)) == (3, 3, 1)
    assert found.closed[0].startswith(f"revision 4: {PLACE} is sealed with the key lost")
    assert key_of(token_in(await store.load(4))) == "lost"


@pytest.mark.parametrize("is_between", [False, True])
async def test_what_is_applied_while_keys_are_rotated_needs_no_older_key_afterwards(
    new_database: Callable[[], str], tmp_path: Path, *, is_between: bool
) -> None:
    """The plan is made of the revision before the rotation, and keeps what that has sealed."""
    url, file = new_database(), tmp_path / "registry.yaml"
    text = (
        "version: 1\nservices: {erp: {transport: rest, url: 'https://192.0.2.1/', auth: {type: bearer, token: s3}}}\n"
    )
    settings = {"MIH_DATABASE_URL": url, "MIH_ALLOWED_NETWORKS": "192.0.2.0/24"}
    file.write_text(text)
    async with RevisionStore.open(url) as store:
        first = await plan_files(store, [file], load_settings({**settings, "MIH_SECRET_KEYS": OLD}))
        await store.append(first.reading.document, by="ana", at=NOON)
        file.write_text(text.replace("transport: rest", "transport: rest, timeout: 3s") if is_between else text)
        planned = await plan_files(store, [file], load_settings({**settings, "MIH_SECRET_KEYS": f"{NEW},{OLD}"}))
        if is_between:
            await store.reseal(BOTH)
        number = await store.append(planned.reading.document, by="ben", at=NOON, expected_base=planned.base)
        assert key_of(token_in(await store.load(number))) == ("new" if is_between else "old")
        assert [change.keys for change in planned.changes] == ([{"timeout": (None, "3s")}] if is_between else [])
