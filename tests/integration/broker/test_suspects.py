"""Suspects are worked one at a time: the guilty end as dead letters, the innocent go their way."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

import poison_taker
import pytest
from broker_world import Taker, World, a_world, eventually
from queues import WITHIN_S, nothing_unheard

from pipeline.broker import Incoming, Outgoing, Session, Take, open_getter, open_session, run_sessions, work_suspects
from pipeline.errors import Misconfigured, NotConfirmed, Unavailable
from topology import names

SUSPECTS = names.suspect_queue("sender")
#: Restarts within which a poison message is found: three deaths in its stage, and as many alone, with room.
RESTARTS = 12


@pytest.fixture
async def world(amqp_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(import_module("pipeline.broker.suspects"), "_LOOK_EVERY_S", 0.1)
    async with a_world(amqp_url) as world:
        yield world


@asynccontextmanager
async def working(session: Session, takes: Mapping[str, Take]) -> AsyncIterator[asyncio.Task[None]]:
    until = asyncio.Event()
    task = asyncio.create_task(work_suspects(session, takes, until=until))
    try:
        yield task
    finally:
        until.set()
        async with asyncio.timeout(WITHIN_S):
            await task


async def suspect(world: World, body: str, service: str | None = "erp", stage: str = "sender") -> None:
    headers: dict[str, str | int] = {names.HEADER_SERVICE: service} if service else {}
    await world.session.publish(Outgoing("", names.suspect_queue(stage), body.encode(), "text/plain", headers))


async def give_back(world: World, queue: str, times: int) -> None:
    for _ in range(times):
        await world.until_depth(queue, 1)
        async with open_getter(world.session) as getter:
            assert await getter.get(queue)


async def fail(_: Incoming) -> None:
    raise RuntimeError("a bug")


async def test_the_innocent_are_taken_by_their_stage_and_gone(world: World) -> None:
    sender, ingest = Taker(), Taker()
    async with working(world.session, {"sender": sender.take, "ingest": ingest.take}):
        await suspect(world, "a")
        await suspect(world, "b", stage="ingest")
        await eventually(lambda: (sender.bodies, ingest.bodies) == (["a"], ["b"]), "both are taken")
    assert await world.depth(SUSPECTS) == await world.depth("mih.dlq.erp") == await world.depth(names.INVALID) == 0


async def test_who_fails_alone_is_a_dead_letter_of_its_service(world: World) -> None:
    async with working(world.session, {"sender": fail}):
        await suspect(world, "bad")
        [letter] = await world.drained("mih.dlq.erp", 1)
    assert (letter.body, letter.content_type) == (b"bad", "text/plain")
    assert letter.headers[names.HEADER_REASON] == "sender: failed unexpectedly: RuntimeError"
    assert await world.depth(SUSPECTS) == 0


async def test_who_fails_alone_and_has_no_service_is_invalid(world: World) -> None:
    async with working(world.session, {"sender": fail}):
        await suspect(world, "bad", service=None)
        assert await world.bodies(names.INVALID, 1) == ["bad"]


async def test_an_event_cannot_name_the_service_whose_dead_letters_it_joins(world: World) -> None:
    """Only the router's word counts: an event's headers are its publisher's."""
    async with working(world.session, {"ingest": fail}):
        await suspect(world, "bad", stage="ingest")
        await suspect(world, "worse", service="s" * 300, stage="ingest")
        assert sorted(await world.bodies(names.INVALID, 2)) == ["bad", "worse"]


async def test_who_came_back_three_times_is_condemned_unparsed(world: World) -> None:
    taker = Taker()
    await suspect(world, "bad")
    await give_back(world, SUSPECTS, 3)
    async with working(world.session, {"sender": taker.take}):
        [letter] = await world.drained("mih.dlq.erp", 1)
        await suspect(world, "good")
        await eventually(lambda: taker.bodies == ["good"], "only the other is taken")
    assert letter.body == b"bad"
    assert "died or hung 3 times" in letter.headers[names.HEADER_REASON]


async def test_a_suspect_of_a_removed_service_is_kept_for_the_recorder_which_finds_it_a_place(world: World) -> None:
    async with working(world.session, {"sender": fail}):
        await suspect(world, "bad", service="removed")
        assert await world.bodies(names.DEAD, 1) == ["bad"]


@pytest.mark.parametrize("innocently", [NotConfirmed("full"), Misconfigured("TILL_TOKEN is not set")])
async def test_who_meets_what_is_no_fault_of_its_own_goes_to_the_tail_with_a_new_count(
    world: World, innocently: Exception
) -> None:
    refusals = iter([True, True, True, True, False])

    async def refused(_: Incoming) -> None:
        if next(refusals):
            raise innocently

    taker = Taker(doing=refused)
    await suspect(world, "a")
    async with working(world.session, {"sender": taker.take}):
        await eventually(lambda: len(taker.taken) == 5, "it is tried until it passes")
    assert {message.returned for message in taker.taken} == {0}
    assert await world.depth("mih.dlq.erp") == await world.depth(SUSPECTS) == 0


async def test_who_meets_an_absent_broker_stays_where_it_is(world: World) -> None:
    async def away(_: Incoming) -> None:
        raise Unavailable("away")

    await suspect(world, "a")
    async with nothing_unheard():
        with pytest.raises(Unavailable):
            async with open_session(world.url, "other") as session, working(session, {"sender": away}) as task:
                await asyncio.wait((task,), timeout=WITHIN_S)
    [message] = await world.drained(SUSPECTS, 1)
    assert (message.body, message.returned) == (b"a", 1)


async def test_who_never_ends_is_let_go_and_found_guilty_and_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("pipeline.broker.suspects"), "_ENDS_WITHIN_S", 0.5)

    async def hang(message: Incoming) -> None:
        if message.body == b"endless":
            await asyncio.Event().wait()

    taker, stop = Taker(doing=hang), asyncio.Event()
    await suspect(world, "endless")
    await suspect(world, "good")

    async def work(session: Session) -> None:
        await work_suspects(session, {"sender": taker.take}, until=stop)

    working = asyncio.create_task(run_sessions(world.url, "suspect", work, stopping=stop))
    [letter] = await world.drained("mih.dlq.erp", 1)
    await eventually(lambda: "good" in taker.bodies, "the other is taken")
    stop.set()
    await asyncio.wait_for(working, WITHIN_S)
    assert (letter.body, taker.bodies.count("endless")) == (b"endless", 3)
    assert "died or hung 3 times" in letter.headers[names.HEADER_REASON]


async def test_a_message_that_kills_whoever_takes_it_is_found_and_its_neighbours_are_taken(
    world: World, tmp_path: Path
) -> None:
    innocents = {f"innocent-{number}" for number in range(20)}
    taken = tmp_path / "taken"
    taken.touch()
    queue = "mih.service.erp"
    for body in [*sorted(innocents)[:7], poison_taker.POISON, *sorted(innocents)[7:]]:
        headers: dict[str, str | int] = {names.HEADER_SERVICE: "erp"}
        await world.session.publish(Outgoing("", queue, body.encode(), headers=headers))
    for role in ("stage", "suspect"):
        for _ in range(RESTARTS):
            process = await asyncio.create_subprocess_exec(
                sys.executable, poison_taker.__file__, role, world.url, queue, str(taken)
            )
            if await asyncio.wait_for(process.wait(), 30) == 0:
                break
        else:
            pytest.fail(f"the {role} still dies")
    [letter] = await world.drained("mih.dlq.erp", 1)
    assert letter.body.decode() == poison_taker.POISON
    assert "died or hung 3 times" in letter.headers[names.HEADER_REASON]
    assert set(taken.read_text().split()) == innocents
    assert await world.depth(queue) == await world.depth(SUSPECTS) == 0
