"""A walk on a real RabbitMQ: what is chosen goes on its way, all else stays as it was, whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from letters import AGAIN, DEAD, DIED, delivery, ids_in, letter, number_of, replaying
from queues import without_ladder
from stages_world import TOPOLOGY, World, a_world, registry_of

from pipeline.broker import Incoming
from pipeline.dead_index import read_letter
from pipeline.delivery import CONTENT_TYPE, Delivery, read_delivery
from pipeline.dlq import Decision, Drop, Keep, Pace, Walk, Walked
from pipeline.event import Event
from topology import names

REGISTRY = registry_of(("shop.order", "erp"))
replay = replaying(REGISTRY)


async def keep(_: Incoming) -> Decision:
    return Keep()


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url, without_ladder(TOPOLOGY)) as world:
        yield world


async def dead(world: World, *numbers: int) -> None:
    for number in numbers:
        await world.session.publish(letter(number))


async def test_a_replayed_letter_is_a_first_attempt_and_young_again(world: World) -> None:
    told: dict[str, str | int] = {names.HEADER_STORY: "[]", names.HEADER_DEFERRED: 3, names.HEADER_VARIANT: "r7"}
    await world.session.publish(letter(1).with_headers(told))
    done = await Walk(session=world.session, place="erp", decide=replay).run()
    assert done == Walked(depth=1, sent=1)
    [message] = await world.drained(AGAIN, 1)
    again = read_delivery(message.body, message.headers)
    assert (again.id, again.attempt, again.deferred, again.story) == ("d1", 1, 0, "")
    assert again.key == "d1-r7", "the request is the same, so is its key"
    assert again.first_seen > DIED
    assert not {names.HEADER_REASON, names.HEADER_OUTCOME, "x-death"} & message.headers.keys()


async def test_w7_a_replay_sends_what_was_sent_and_destroys_no_event(world: World) -> None:
    """The plugin rendered the rendered payload again, sent it as POST, and had deleted the row before."""
    await dead(world, 1, 2)
    first = replaying(REGISTRY, lambda message: number_of(message) == 1)
    await Walk(session=world.session, place="erp", decide=first).run()
    [message] = await world.drained(AGAIN, 1)
    assert message.body == delivery(1).to_bytes(), "the method, the path, the payload and the event, byte for byte"
    assert await ids_in(world, DEAD) == ["d2"]


async def test_a_letter_that_nobody_can_read_stays_with_its_bytes_and_holds_up_no_other(world: World) -> None:
    await world.publish(names.DLX, "erp", b"\x00 no letter", content_type="text/plain", headers={"mih-reason": "odd"})
    await dead(world, 1)
    done = await Walk(session=world.session, place="erp", decide=replay).run()
    assert (done.sent, sum(done.stayed.values())) == (1, 1)
    [kept] = await world.drained(DEAD, 1)
    assert (kept.body, kept.content_type, kept.headers["mih-reason"]) == (b"\x00 no letter", "text/plain", "odd")


async def test_a_letter_whose_story_is_odd_holds_up_no_other(world: World) -> None:
    await world.session.publish(letter(1).with_headers({names.HEADER_DIED_AT: "yesterday"}))
    await dead(world, 2)
    await Walk(session=world.session, place="erp", decide=replay).run()
    assert "d2" in await ids_in(world, AGAIN)


async def test_a_letter_that_could_not_be_rendered_is_never_sent_as_an_empty_request(world: World) -> None:
    broken = Delivery("d", "erp", "orders", 1, None, Event("e", "shop", "shop.order"), DIED)
    await world.publish(names.DLX, "erp", broken.to_bytes(), content_type=CONTENT_TYPE, headers=broken.headers())
    done = await Walk(session=world.session, place="erp", decide=replay).run()
    [(reason, count)] = done.stayed.items()
    assert "--anew" in reason
    assert (done.sent, count) == (0, 1)
    assert (await world.depth(DEAD), await world.depth(AGAIN)) == (1, 0)


async def test_a_kept_letter_is_known_by_the_same_id_reason_and_time_of_death(world: World) -> None:
    await world.publish(names.EVENTS, "nobody.hears", b"", headers={})
    await world.publish("", names.UNROUTABLE, b"odd", headers={"mih-source": "shop"})
    now = datetime.now(UTC)
    before = {read_letter(message, now, "unroutable").letter_id for message in await world.ready(names.UNROUTABLE)}
    await world.publish("", names.UNROUTABLE, b"odd", headers={"mih-source": "shop"})
    for _ in range(3):
        await Walk(session=world.session, place="unroutable", decide=keep).run()
    [kept] = await world.drained(names.UNROUTABLE, 1)
    after = read_letter(kept, datetime.now(UTC), "unroutable")
    assert after.letter_id in before
    assert after.routing_key == names.UNROUTABLE
    assert now < after.died_at < datetime.now(UTC), "since somebody saw it dead for the first time"
    assert kept.headers["mih-source"] == "shop"


async def test_a_letter_that_is_there_twice_leaves_once(world: World) -> None:
    await dead(world, 1, 2, 1)
    done = await Walk(session=world.session, place="erp", decide=replay).run()
    assert (done.sent, done.repeats) == (2, 1)
    assert await ids_in(world, AGAIN) == ["d1", "d2"]
    assert await world.depth(DEAD) == 0


async def test_events_of_one_body_and_two_ids_are_both_read_again(world: World) -> None:
    """CloudEvents tell their id in a header; the second one was dropped as a repeat of the first."""
    for number in ("1", "2"):
        await world.publish("", names.UNROUTABLE, b"{}", headers={"ce-id": number})
    replay_events = replaying(REGISTRY, place="unroutable")
    done = await Walk(session=world.session, place="unroutable", decide=replay_events).run()
    assert (done.sent, done.repeats) == (2, 0)
    assert {message.headers["ce-id"] for message in await world.drained(names.INGEST, 2)} == {"1", "2"}


async def test_what_a_walk_kept_is_no_repeat_to_it_where_the_queue_became_shorter_meanwhile(world: World) -> None:
    """An operator purges the queue under a walk: its bound is too high now, and it comes round to its own copies."""
    await dead(world, *range(300))
    purged = False

    async def purge_and_keep(message: Incoming) -> Decision:
        nonlocal purged
        if not purged and number_of(message) > 10:
            purged = True
            wire = await (await world.session.channel()).get_underlay_channel()
            await wire.queue_purge(DEAD)
            await wire.close()
        return Keep()

    done = await Walk(session=world.session, place="erp", decide=purge_and_keep).run()
    assert done.repeats == 0
    assert 0 < done.kept < 300
    kept = await ids_in(world, DEAD)
    assert len(kept) == len(set(kept)) > 0


async def test_a_walk_over_an_empty_queue_does_nothing(world: World) -> None:
    assert await Walk(session=world.session, place="erp", decide=replay).run() == Walked(0)


async def test_what_is_dropped_is_gone_and_told_by_its_id(world: World) -> None:
    await dead(world, 1, 2)
    left: list[str] = []

    async def drop_the_first(message: Incoming) -> Decision:
        return Drop() if number_of(message) == 1 else Keep()

    done = await Walk(session=world.session, place="erp", decide=drop_the_first, left=left.append).run()
    assert (done.dropped, done.kept, left) == (1, 1, ["d1"])
    assert await ids_in(world, DEAD) == ["d2"]


async def test_no_more_is_sent_than_there_is_room_for_and_all_else_while_it_waits_is_in_its_queue(world: World) -> None:
    await dead(world, *range(25))
    waiting = asyncio.Event()

    async def room() -> int:
        return 10 - await world.depth(AGAIN)

    def progress(so_far: Walked) -> None:
        if so_far.waiting:
            waiting.set()

    walk = Walk(session=world.session, place="erp", decide=replay, room=room, progress=progress)
    walking = asyncio.create_task(walk.run())
    there: list[str] = []
    for still_dead in (15, 5):
        await asyncio.wait_for(waiting.wait(), 20)
        await world.until_depth(DEAD, still_dead)
        assert await world.depth(AGAIN) == 10
        there += await ids_in(world, AGAIN)
        waiting.clear()
    done = await walking
    there += await ids_in(world, AGAIN)
    assert done.sent == 25
    assert sorted(there) == sorted(f"d{number}" for number in range(25))


async def test_letters_that_wait_for_their_turn_stay_when_the_walk_is_told_to_end(world: World) -> None:
    await dead(world, *range(20))
    enough = asyncio.Event()
    walk = Walk(
        session=world.session,
        place="erp",
        decide=replay,
        pace=Pace(0.1),
        until=enough,
        progress=lambda so_far: enough.set() if so_far.sent else None,
    )
    done = await walk.run()
    assert (done.sent, done.interrupted) == (1, True)
    await world.until_depth(DEAD, 19)


async def test_a_letter_whose_service_refuses_it_stays_with_the_reason(world: World) -> None:
    await dead(world, 1)

    async def to_nobody(message: Incoming) -> Decision:
        sent = await replay(message)
        assert not isinstance(sent, Drop | Keep)
        return type(sent)(type(sent.outgoing)("", "mih.no.such.queue", b""))

    done = await Walk(session=world.session, place="erp", decide=to_nobody).run()
    assert list(done.stayed.values()) == [1]
    assert await ids_in(world, DEAD) == ["d1"]
