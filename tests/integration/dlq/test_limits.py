"""The limits of dead letters on a real RabbitMQ and index: the oldest go, they are counted, and no other."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from commands import Mih, mih_of, recorded
from letters import DEAD, ids_in, letter
from queues import WITHIN_S, without_ladder
from stages_world import TOPOLOGY, World, a_world, eventually
from structlog.testing import capture_logs

from pipeline.broker import lease, open_session
from pipeline.cli.followed import followed_registry
from pipeline.dead_index import DeadIndex
from pipeline.dlq import Drop, Walk
from pipeline.dlq.limits import keep_limits
from pipeline.dlq.walk import WINDOW
from pipeline.registry import RevisionStore
from pipeline.settings import Settings, load_settings
from topology import names

#: When the letters of a test died, before now.
HOURS = [timedelta(hours=hours) for hours in range(60, 0, -1)]


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url, without_ladder(TOPOLOGY)) as world:
        yield world


@pytest.fixture
async def mih(world: World, tmp_path: Path) -> Mih:
    return await mih_of(world, tmp_path)


async def limit(mih: Mih, **limits_of: dict[str, Any]) -> None:
    """Put limits in force."""
    services = {
        slug: {"transport": "rest", "url": "https://example.org/", "dead_letters": limits_of.get(slug, {})}
        for slug in ("erp", "lms")
    }
    async with RevisionStore.open(load_settings(mih.environment).effective_database_url()) as store:
        await store.append({"version": 1, "services": services, "rules": {}}, by="test", at=datetime.now(UTC))


async def dead(world: World, mih: Mih, ages: Sequence[timedelta] = HOURS, service: str = "erp") -> list[str]:
    """Letters d0, d1 … that died so long ago, in this order, and are indexed."""
    now = datetime.now(UTC)
    for number, age in enumerate(ages):
        died = {names.HEADER_DIED_AT: (now - age).isoformat()}
        await world.session.publish(letter(number, service=service).with_headers(died))
    await recorded(world, mih, len(ages))
    return [f"d{number}" for number in range(len(ages))]


@asynccontextmanager
async def kept(mih: Mih, settings: Settings | None = None) -> AsyncIterator[None]:
    """The limits, looked after very often."""
    stopping = asyncio.Event()
    settings = settings or load_settings(mih.environment)
    async with followed_registry(settings) as current:
        keeping = asyncio.create_task(keep_limits(settings, current, stopping=stopping, every_s=0.05))
        try:
            yield
        finally:
            stopping.set()
            async with asyncio.timeout(WITHIN_S):
                await keeping


async def dropped(mih: Mih) -> dict[tuple[str, str], int]:
    async with mih.index() as index:
        return {(one.place, one.why): one.letters for one in await index.dropped()}


async def until_dropped(mih: Mih, expected: dict[tuple[str, str], int]) -> None:
    async def is_so() -> bool:
        return await dropped(mih) == expected

    await eventually(is_so, f"dropped is {expected}")


async def until_known(mih: Mih, expected: dict[str, int]) -> None:
    async def is_so() -> bool:
        async with mih.index() as index:
            return await index.counts() == expected

    await eventually(is_so, f"the index knows {expected}")


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Wait until it was looked three times more."""
    done = 0
    counts = DeadIndex.counts

    async def counted(index: DeadIndex) -> dict[str, int]:
        nonlocal done
        done += 1
        return await counts(index)

    async def three_more() -> None:
        until = done + 3

        async def is_so() -> bool:
            return done >= until

        await eventually(is_so, "it is looked")

    monkeypatch.setattr(DeadIndex, "counts", counted)
    return three_more


async def test_above_a_number_the_oldest_go_counted_and_told_and_the_others_stay_in_their_order(
    world: World, mih: Mih
) -> None:
    """But for those that a walk has in hand at once: these may change places."""
    ids = await dead(world, mih, [timedelta(minutes=minutes) for minutes in range(500, 0, -1)])
    await limit(mih, erp={"max_letters": 400})
    with capture_logs() as logs:
        async with kept(mih):
            await until_known(mih, {"erp": 400})
    assert await dropped(mih) == {("erp", "more than 400"): 100}
    [told] = [one for one in logs if one["log_level"] == "warning"]
    assert (told["place"], told["holds"], told["dropped"]) == ("erp", 500, {"more than 400": 100})
    [row] = (await mih.json("dlq", "list"))["dropped"]
    assert (row["place"], row["why"], row["letters"]) == ("erp", "more than 400", 100)
    _, listed = await mih.run("dlq", "list")
    assert "mih.dlq.erp: 100 letters dropped (more than 400) from " in listed
    there = await ids_in(world, DEAD)
    assert sorted(there) == sorted(ids[100:])
    assert all(abs(there.index(one) - place) <= WINDOW for place, one in enumerate(ids[100:]))


async def test_above_an_age_the_oldest_go_wherever_they_are(world: World, mih: Mih) -> None:
    ids = await dead(world, mih, [HOURS[0], *HOURS[50:], HOURS[1]])
    await limit(mih, erp={"max_age": "30h"})
    async with kept(mih):
        await until_known(mih, {"erp": 10})
    assert await dropped(mih) == {("erp", "older than 30h"): 2}
    assert sorted(await ids_in(world, DEAD)) == sorted(ids[1:-1])


async def test_of_two_limits_each_counts_what_is_over_it(world: World, mih: Mih) -> None:
    ids = await dead(world, mih)
    await limit(mih, erp={"max_age": "50h", "max_letters": 30})
    async with kept(mih):
        await until_known(mih, {"erp": 30})
    assert sum((await dropped(mih)).values()) == 30
    assert (await dropped(mih))["erp", "older than 50h"] == 11
    assert sorted(await ids_in(world, DEAD)) == sorted(ids[30:])


async def test_where_there_is_no_limit_nothing_ever_goes(world: World, mih: Mih) -> None:
    ids = await dead(world, mih)
    await dead(world, mih, HOURS[:2], service="lms")
    await limit(mih, lms={"max_age": "1h"})
    async with kept(mih):
        await until_known(mih, {"erp": 60})
    assert await dropped(mih) == {("lms", "older than 1h"): 2}
    assert await ids_in(world, DEAD) == ids


async def test_what_tells_no_time_of_death_or_died_again_since_stays_whatever_the_index_says(
    world: World, mih: Mih
) -> None:
    await dead(world, mih, HOURS[:4])
    await world.ready(DEAD)
    now = datetime.now(UTC)
    for number, told in enumerate(["", "yesterday", now.isoformat(), (now - HOURS[0]).isoformat()]):
        one = letter(number).with_headers({names.HEADER_DIED_AT: told})
        headers = {name: value for name, value in one.headers.items() if told or name != names.HEADER_DIED_AT}
        await world.publish("", DEAD, one.body, content_type=one.content_type, headers=headers)
    await limit(mih, erp={"max_age": "1h"})
    async with kept(mih):
        await until_dropped(mih, {("erp", "older than 1h"): 1})
    assert sorted(await ids_in(world, DEAD)) == ["d0", "d1", "d2"]


async def test_a_queue_that_holds_fewer_than_the_index_knows_keeps_its_number_and_the_index_is_told(
    world: World, mih: Mih, looks: Callable[[], Any]
) -> None:
    """Somebody moved the newest away."""
    ids = await dead(world, mih)
    messages = await world.ready(DEAD)
    for message in messages[:45]:
        await world.publish("", DEAD, message.body, content_type=message.content_type, headers=message.headers)
    await limit(mih, erp={"max_letters": 40})
    async with kept(mih):
        await until_known(mih, {"erp": 40})
        await looks()
    assert await dropped(mih) == {("erp", "more than 40"): 5}
    assert sorted(await ids_in(world, DEAD)) == sorted(ids[5:45])


async def test_one_who_is_killed_in_the_middle_leaves_the_rest_to_the_next(world: World, mih: Mih) -> None:
    numbers = range(3_000)
    now = datetime.now(UTC)
    died = [{names.HEADER_DIED_AT: (now - timedelta(minutes=3_000 - number)).isoformat()} for number in numbers]
    await asyncio.gather(*(world.session.publish(letter(number).with_headers(died[number])) for number in numbers))
    await recorded(world, mih, 3_000)
    await limit(mih, erp={"max_letters": 100})
    process = await mih.start("recorder")

    async def is_at_it() -> bool:
        return await world.depth(DEAD) < 2_800

    await eventually(is_at_it, "some are dropped")
    process.kill()
    await process.communicate()
    assert await world.depth(DEAD) > 100, "it was killed in the middle"
    process = await mih.start("recorder")
    await until_known(mih, {"erp": 100})
    process.terminate()
    await process.communicate()
    assert process.returncode == 0
    assert sorted(await ids_in(world, DEAD)) == sorted(f"d{number}" for number in numbers[-100:])
    [(_, counted)] = (await dropped(mih)).items()
    assert 2_900 <= counted <= 2_900 + 100, "twice at most what was in hand"


async def test_while_another_is_at_work_on_the_queue_nothing_goes_which_is_said_once(
    world: World, mih: Mih, looks: Callable[[], Any]
) -> None:
    await dead(world, mih)
    await limit(mih, erp={"max_letters": 40})
    with capture_logs() as logs:
        async with kept(mih):
            async with open_session(world.settings.amqp_url, "other") as other, lease(other, DEAD):
                await looks()
            await until_known(mih, {"erp": 40})
    told = [one["reason"] for one in logs if one["event"] == "the limits of dead letters cannot be kept now"]
    assert len(told) == 1
    assert "at work on it" in told[0]


async def test_while_the_broker_is_away_nothing_is_counted_which_is_said_once(
    world: World, mih: Mih, looks: Callable[[], Any]
) -> None:
    await dead(world, mih)
    await limit(mih, erp={"max_letters": 40})
    settings = load_settings({**mih.environment, "MIH_AMQP_URL": "amqp://127.0.0.1:1/"})
    with capture_logs() as logs:
        async with kept(mih, settings):
            await looks()
    assert [one["place"] for one in logs if one["log_level"] == "warning"] == ["erp"]
    assert await dropped(mih) == {}


async def test_a_letter_that_cannot_be_counted_stays(
    world: World, mih: Mih, looks: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await dead(world, mih)
    await limit(mih, erp={"max_letters": 40})

    async def fails(*_: object, **__: object) -> None:
        raise TypeError("a bug")

    with capture_logs() as logs, monkeypatch.context() as patch:
        patch.setattr(DeadIndex, "note_dropped", fails)
        async with kept(mih):
            await looks()
    assert any(one["event"] == "the limits of dead letters met a bug" for one in logs), "and it goes on"
    assert sorted(await ids_in(world, DEAD)) == sorted(ids)


async def test_a_walk_that_is_told_to_stop_is_ended_by_the_next(
    world: World, mih: Mih, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await dead(world, mih, [timedelta(minutes=minutes) for minutes in range(500, 0, -1)])
    await limit(mih, erp={"max_letters": 40})
    run, stopped = Walk.run, asyncio.Event()

    async def stops_soon(walk: Walk) -> Any:
        decide = walk.decide

        async def then_stop(message: Any) -> Any:
            decision = await decide(message)
            if isinstance(decision, Drop):
                walk.until.set()
                stopped.set()
            return decision

        walk.decide = then_stop
        return await run(walk)

    with monkeypatch.context() as patch:
        patch.setattr(Walk, "run", stops_soon)
        async with kept(mih):
            await asyncio.wait_for(stopped.wait(), WITHIN_S)
    assert 40 < await world.depth(DEAD) < 500
    async with kept(mih):
        await until_known(mih, {"erp": 40})
    assert sorted(await ids_in(world, DEAD)) == sorted(ids[-40:])
    assert await dropped(mih) == {("erp", "more than 40"): 460}
