"""Hostile bodies at a real broker: each is understood or ends in `mih.invalid` as it came, and holds up no other."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from queues import without_ladder
from stages_world import TOPOLOGY, World, a_world

from pipeline.broker import Outgoing, Session
from pipeline.event import read_event
from pipeline.ingest import Ingest
from pipeline.ingest.formats.raw import MAX_LEVELS
from pipeline.settings import Settings
from pipeline.shared_state import Claims
from topology import names

EVENT = b'{"type": "hostile", "n": 1}'
LIMIT = Settings().body_limit


def nested(levels: int) -> bytes:
    return b'{"type": "deep", "data": ' + b"[" * levels + b"]" * levels + b"}"


@dataclass(frozen=True)
class Hostile:
    body: bytes
    #: Part of the reason in `mih.invalid`; nothing where it is read right.
    reason: str = ""
    properties: dict[str, Any] = field(default_factory=dict)


GZIPPED = {"content_encoding": "gzip"}
HOSTILE = {
    "cut": Hostile(EVENT[:-3], "not JSON"),
    "empty": Hostile(b"", "not JSON"),
    "a scalar": Hostile(b"5", "fits no format: 5"),
    "an array": Hostile(b"[" + EVENT + b"]", "fits no format: an array"),
    "of no format": Hostile(b'{"hello": "world"}', "fits no format: an object with 1 key;"),
    "zero bytes": Hostile(b"\x00" * 64, "not JSON"),
    "a zero byte in a text": Hostile(b'{"type": "a\x00b"}', "not JSON"),
    "an escaped zero": Hostile(b'{"type": "zero", "n": "\\u0000"}'),
    "nested as deep as can be": Hostile(nested(MAX_LEVELS - 1)),
    "nested a level deeper": Hostile(nested(MAX_LEVELS), "more than 250 levels"),
    "nested 300 levels": Hostile(nested(300), "more than 250 levels"),
    "nested 5000 levels": Hostile(nested(5000), "more than 250 levels"),
    "nested where a text is expected": Hostile(b'{"type": %s}' % (b"[" * 1000 + b"]" * 1000), "found an array"),
    "open brackets": Hostile(b"[" * LIMIT, "more than 250 levels"),
    "equal keys": Hostile(b'{"type": "first", "type": "last"}'),
    "a large number": Hostile(b'{"type": "large", "n": 123456789012345678901234567890}'),
    "exact numbers by the thousand": Hostile(b'{"type": "many", "n": [%s0]}' % (b"0.12345678901234567," * 50_000)),
    "a number that is no id": Hostile(b'{"eventname": "x", "userid": 1e30}', "userid must be a whole number"),
    "a number beyond all": Hostile(b'{"type": "large", "n": 1e999}', "number is infinity"),
    "not a number": Hostile(b'{"type": "nan", "n": NaN}', "not JSON"),
    "half a character": Hostile(b'{"type": "half", "n": "\\ud800"}', "no low surrogate"),
    "no utf-8": Hostile(b'{"type": "latin", "n": "\xe9"}', "not JSON"),
    "a byte order mark": Hostile(b"\xef\xbb\xbf" + EVENT),
    "utf-32 without a mark": Hostile(EVENT.decode().encode("utf-32-be"), "in UTF-16 or UTF-32"),
    "utf-16": Hostile(EVENT.decode().encode("utf-16"), "in UTF-16 or UTF-32"),
    "a megabyte in one text": Hostile(b'{"type": "long", "n": "%s"}' % (b"a" * (LIMIT - 100))),
    "above the limit": Hostile(b'{"type": "long", "n": "%s"}' % (b"a" * LIMIT), "more than MIH_BODY_LIMIT"),
    "gzip": Hostile(gzip.compress(EVENT), "", GZIPPED),
    "a bomb": Hostile(gzip.compress(b" " * 2**26), "more bytes when unpacked", GZIPPED),
    "no gzip": Hostile(EVENT, "not gzip", GZIPPED),
    "gzip that is cut": Hostile(gzip.compress(EVENT)[:-2], "ends in the middle", GZIPPED),
    "two members of gzip": Hostile(gzip.compress(EVENT) * 2, "further bytes behind its end", GZIPPED),
    "another compression": Hostile(EVENT, "'br' is not supported", {"content_encoding": "br"}),
    "another character set": Hostile(EVENT, "charset 'utf-7'", {"content_type": "application/json; charset=utf-7"}),
}


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url, without_ladder(TOPOLOGY)) as world:
        yield world


async def test_each_hostile_body_ends_once_and_no_good_event_waits_behind_it(world: World) -> None:
    good = [b'{"type": "good", "id": "%d", "data": {}}' % number for number in range(len(HOSTILE) + 1)]

    def take_in(session: Session) -> Any:
        return Ingest(session, Claims(world.shared), world.settings).take

    async with world.stage("ingest", names.INGEST, take_in):
        await world.publish(names.EVENTS, "good", good[0])
        for following, (key, hostile) in zip(good[1:], HOSTILE.items(), strict=True):
            properties = {"content_type": "application/json", "headers": {"mih-source": key}} | hostile.properties
            await world.session.publish(Outgoing(names.EVENTS, "hostile", hostile.body, **properties))
            await world.publish(names.EVENTS, "good", following)
        refused = [key for key, hostile in HOSTILE.items() if hostile.reason]
        understood = [key for key, hostile in HOSTILE.items() if not hostile.reason]
        arrived, invalid = await asyncio.gather(
            world.drained(names.ROUTER, len(good) + len(understood)), world.drained(names.INVALID, len(refused))
        )

    for queue in (names.INGEST, names.ROUTER, names.INVALID, names.suspect_queue("ingest")):
        assert await world.depth(queue) == 0, queue
    events = [read_event(message.body) for message in arrived]
    assert {event.id for event in events if event.type == "good"} == {str(number) for number in range(len(good))}
    assert sorted(event.source for event in events if event.type != "good") == sorted(understood)
    by_key = {str(message.headers["mih-source"]): message for message in invalid}
    assert sorted(by_key) == sorted(refused)
    for key in refused:
        found, hostile = by_key[key], HOSTILE[key]
        assert found.body == hostile.body, key
        assert hostile.reason in str(found.headers[names.HEADER_REASON])
        assert found.content_encoding == hostile.properties.get("content_encoding")
        assert found.content_type == hostile.properties.get("content_type", "application/json")


async def test_what_is_exact_when_published_is_exact_when_it_is_routed(world: World) -> None:
    async with world.stage(
        "ingest", names.INGEST, lambda session: Ingest(session, Claims(world.shared), world.settings).take
    ):
        await world.publish(names.EVENTS, "exact", b'{"type": "exact", "n": 12345678901234567890.123456789}')
        [arrived] = await world.drained(names.ROUTER, 1)
    assert b'"n":12345678901234567890.123456789' in arrived.body
    assert orjson.loads(arrived.body)["type"] == "exact"
