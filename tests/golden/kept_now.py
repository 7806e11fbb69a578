"""What the present code keeps beside the queues, in SQL, in Redis and sealed, as a release leaves it behind."""

import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import yaml
from golden_message import Golden
from golden_registry import registry_text
from redis import Redis
from written_now import AT, order

from pipeline.catalogue.sightings import Sightings
from pipeline.catalogue.store import CatalogueStore
from pipeline.database import create_database
from pipeline.dead_index import DeadIndex, read_letter
from pipeline.registry.interventions import Intervention, InterventionStore, Kind
from pipeline.registry.sealed import seal
from pipeline.registry.store import RevisionStore
from pipeline.secret_keys import read_keys
from pipeline.shared_state import Claims, open_shared_state
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Burden, Permit, Policy
from pipeline.shared_state.tokens import Kept, Tokens

AT_MS = int(AT.timestamp() * 1000)
POLICY = Policy(failures=1, cooldown_ms=60_000)
#: Made up for these files; it guards nothing.
KEY = "golden:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PLACE, SECRET = "services/till/auth/token", "open-sesame"
#: How long claims last, and how long a sender remembers.
WINDOW = timedelta(days=1)
DOCUMENTS = [
    yaml.safe_load(registry_text(f"https://{name}.example.org/", "amqps://lake/v", "mih", "https://sis/?wsdl"))
    for name in ("first", "second")
]
WORDS = (
    Intervention(Kind.PAUSED, "archive", "anna", "moves house", AT),
    Intervention(Kind.STOPPED, "old-rule", "ben", "wrong prices", AT),
    Intervention(Kind.BREAKER_CLOSED, "archive", "anna", "its answers lie", AT),
)


async def database_now(path: Path, dead: Iterable[Golden]) -> str:
    """A SQLite file in which every table has rows, as SQL."""
    url = f"sqlite+aiosqlite:///{path}"
    create_database(url)
    async with RevisionStore.open(url) as revisions:
        for document in DOCUMENTS:
            await revisions.append(document, by="anna", at=AT)
    async with InterventionStore.open(url) as words:
        for word in WORDS:
            await words.put(word)
    async with CatalogueStore.open(url) as catalogue:
        seen = Sightings()
        seen.note(order(1), AT)
        await catalogue.add(seen.take())
    async with DeadIndex.open(url) as index:
        await index.add(read_letter(letter.incoming(), AT) for letter in dead)
        await index.note_dropped("till", 2, why="older than 30d", at=AT)
    connection = sqlite3.connect(path)
    try:
        return "\n".join(connection.iterdump()) + "\n"
    finally:
        connection.close()


def sealed_now() -> dict[str, str]:
    """A secret at its place, sealed with a key that is told."""
    return {"key": KEY, "place": PLACE, "secret": SECRET, "sealed": seal(SECRET, PLACE, read_keys(KEY))}


async def redis_now(url: str) -> dict[str, Any]:
    """What senders and ingest share, on an empty Redis: each key with its type and content."""
    async with open_shared_state(url, monotonic) as shared:
        claims, breakers, tokens = Claims(shared), Breakers(shared), Tokens(shared)
        for identity in ("done", "flight"):
            await claims.claim(identity, f"event-{identity}", WINDOW)
        await claims.done("done", "event-done", WINDOW)
        for slug, burden in (("open", Burden(fails=True)), ("closed", Burden(delivered=True))):
            permit = await breakers.permit(slug, POLICY, f"key-{slug}", "token", now_ms=AT_MS)
            assert isinstance(permit, Permit), permit
            await breakers.report(
                slug,
                POLICY,
                permit,
                burden,
                delivery_key=f"key-{slug}",
                remember_ms=86_400_000,
                error="",
                latency_ms=41,
                now_ms=AT_MS,
            )
        await breakers.permit("flying", POLICY, "key-flying", "token", now_ms=AT_MS)
        await tokens.settle("issuer", "who", Kept(b"sealed", 3_600_000))
        await breakers.heartbeat("rest", "sender-1", now_ms=AT_MS)
    with Redis.from_url(url) as client:
        return {key.decode(): _dumped(client, key) for key in sorted(client.scan_iter("mih:*"))}


def load_redis(url: str, kept: dict[str, Any]) -> None:
    """Put back what `redis_now` told."""
    with Redis.from_url(url) as client:
        for key, found in kept.items():
            match found["type"]:
                case "hash":
                    client.hset(key, mapping=found["value"])
                case "zset":
                    client.zadd(key, found["value"])
                case _:
                    client.set(key, found["value"])


def _dumped(client: Any, key: bytes) -> dict[str, Any]:
    kind = client.type(key).decode()
    match kind:
        case "hash":
            value: Any = {name.decode(): text.decode() for name, text in client.hgetall(key).items()}
        case "zset":
            value = {name.decode(): score for name, score in client.zrange(key, 0, -1, withscores=True)}
        case _:
            value = client.get(key).decode()
    return {"type": kind, "value": value}
