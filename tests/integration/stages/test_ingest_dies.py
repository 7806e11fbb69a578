"""Ingest dies at each of its lines: the event comes again under the same id, or is dropped, and is never lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from queues import WITHIN_S, without_ladder
from stages_world import TOPOLOGY, World, a_world, die, eventually

from pipeline.broker import Session
from pipeline.errors import Unavailable
from pipeline.event import read_event
from pipeline.ingest import Ingest
from pipeline.shared_state import Claim, Claims, SharedState
from topology import names

ORDER = {"specversion": "1.0", "id": "order-1", "source": "shop", "type": "shop.order", "data": {"n": 1}}
ENROLMENT = {"eventname": "\\core\\event\\user_enrolment_created", "userid": "2", "timecreated": 1795211290}

Death = Callable[[], Awaitable[None]]


class MortalClaims(Claims):
    """Dies, with its whole process, before or after a call."""

    def __init__(self, state: SharedState, death: Death, *, at: str) -> None:
        super().__init__(state)
        self._death, self._at = death, at

    async def claim(self, identity: str, event_id: str, window: timedelta) -> Claim:
        await self._dies("before claim")
        claim = await super().claim(identity, event_id, window)
        await self._dies("after claim")
        return claim

    async def done(self, identity: str, event_id: str, window: timedelta) -> None:
        await self._dies("before done")
        await super().done(identity, event_id, window)
        await self._dies("after done")

    async def _dies(self, at: str) -> None:
        if at == self._at:
            await self._death()


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url, without_ladder(TOPOLOGY)) as world:
        yield world


async def ingest_that_dies(world: World, at: str) -> None:
    async def death() -> None:
        await die(session)
        if at != "after done":  # there the last line is the acknowledgement, which meets a closed channel
            raise Unavailable("the process is dead")

    def take_in(session: Session) -> Any:
        return Ingest(session, MortalClaims(world.shared, death, at=at), world.settings).take

    async with world.stage("ingest", names.INGEST, take_in) as session:
        await asyncio.wait_for(session.lost.wait(), WITHIN_S)


async def ingest_to_the_end(world: World, passed: int) -> list[str]:
    """The ids under which the event went on, in the order of their arrival."""
    async with world.stage(
        "ingest", names.INGEST, lambda session: Ingest(session, Claims(world.shared), world.settings).take
    ):
        await world.until_depth(names.ROUTER, passed)
        await world.until_depth(names.INGEST, 0)
    assert await world.depth(names.INGEST) == await world.depth(names.suspect_queue("ingest")) == 0
    return [read_event(message.body).id for message in await world.ready(names.ROUTER)]


@pytest.mark.parametrize("event", [ORDER, ENROLMENT], ids=["with an id", "without an id"])
@pytest.mark.parametrize(
    ("at", "passed"), [("before claim", 1), ("after claim", 1), ("before done", 2), ("after done", 1)]
)
async def test_wherever_ingest_dies_the_event_goes_on_under_one_id(
    world: World, event: dict[str, Any], at: str, passed: int
) -> None:
    await world.publish(names.EVENTS, "any.key", orjson.dumps(event))
    await ingest_that_dies(world, at)
    await world.until_depth(names.INGEST, 1)
    ids = await ingest_to_the_end(world, passed)
    assert len(ids) == passed
    assert len(set(ids)) == 1
    assert await world.shared.client.dbsize() == 1


async def test_ingest_that_dies_again_and_again_makes_a_suspect_and_loses_nothing(world: World) -> None:
    await world.publish(names.EVENTS, "any.key", orjson.dumps(ORDER))
    for _ in range(3):
        await ingest_that_dies(world, "after claim")
        await world.until_depth(names.INGEST, 1)
    async with world.stage(
        "ingest", names.INGEST, lambda session: Ingest(session, Claims(world.shared), world.settings).take
    ):
        [suspect] = await world.drained(names.suspect_queue("ingest"), 1)
    assert orjson.loads(suspect.body) == ORDER


async def test_what_ingest_cannot_read_is_kept_with_its_bytes_and_the_reason(world: World) -> None:
    await world.publish(names.EVENTS, "any.key", b"\x00 no JSON", content_type="text/plain", app_id="shop")
    async with world.stage(
        "ingest", names.INGEST, lambda session: Ingest(session, Claims(world.shared), world.settings).take
    ):
        [kept] = await world.drained(names.INVALID, 1)
    assert (kept.body, kept.content_type, kept.app_id) == (b"\x00 no JSON", "text/plain", "shop")
    assert "JSON" in kept.headers[names.HEADER_REASON]
    assert kept.headers[names.HEADER_ROUTING_KEY] == "any.key"


async def test_an_event_whose_id_is_endless_ends_nobodys_session(world: World) -> None:
    """Its id travels in a header, and headers that fill a frame close the connection."""
    await world.publish(names.EVENTS, "any.key", orjson.dumps({**ORDER, "id": "a" * 200_000}))
    async with world.stage(
        "ingest", names.INGEST, lambda session: Ingest(session, Claims(world.shared), world.settings).take
    ) as session:

        async def is_settled() -> bool:
            return session.lost.is_set() or await world.depth(names.INVALID) == 1

        await eventually(is_settled, "it is invalid")
        assert not session.lost.is_set()
    [kept] = await world.ready(names.INVALID)
    assert "id" in kept.headers[names.HEADER_REASON]


async def test_repeats_in_hand_at_once_go_on_under_one_id(world: World) -> None:
    for _ in range(20):
        await world.publish(names.EVENTS, "any.key", orjson.dumps(ENROLMENT))
    async with world.stage(
        "ingest", names.INGEST, lambda session: Ingest(session, Claims(world.shared), world.settings).take
    ):
        await world.until_depth(names.INGEST, 0)
    passed = [read_event(message.body).id for message in await world.ready(names.ROUTER)]
    assert 1 <= len(passed) <= 20
    assert len(set(passed)) == 1


async def test_a_claim_by_content_that_was_never_done_meets_no_event_that_is_alike_an_hour_later(world: World) -> None:
    await world.publish(names.EVENTS, "any", orjson.dumps(ENROLMENT))
    await ingest_that_dies(world, "after claim")
    keys = [key async for key in world.shared.client.scan_iter("mih:claim:*")]
    assert [0 < await world.shared.client.pttl(key) <= 60_000 for key in keys] == [True]
