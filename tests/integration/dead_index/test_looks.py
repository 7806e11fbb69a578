"""Looking at the dead changes nothing: the commands ask the index, and of the queues only how deep they are."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import orjson
import pytest
import typer
from recorder_world import a_recorded_world
from typer.testing import CliRunner

from pipeline.broker import Incoming, open_getter
from pipeline.cli.dlq import register
from pipeline.database import create_database
from pipeline.dead_index import DeadIndex
from pipeline.errors import Misconfigured
from pipeline.settings import load_settings
from topology import names

LETTERS, LOOKS = 20, 1_000
ERP = names.dead_letter_queue("erp")


@pytest.fixture
def environment(amqp_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    said = {"amqp_url": amqp_url, "database_url": f"sqlite:///{tmp_path / 'mih.db'}", "state_dir": str(tmp_path)}
    for name, value in said.items():
        monkeypatch.setenv(f"MIH_{name.upper()}", value)
    create_database(load_settings().effective_database_url())
    return said


def dlq(*arguments: str) -> str:
    """Run `mih dlq …` in this process: what it prints."""
    app = typer.Typer()
    register(app)
    run = CliRunner().invoke(app, ["dlq", *arguments])
    if run.exception:
        raise run.exception
    return run.stdout


def looked(*arguments: str) -> Any:
    return orjson.loads(dlq(*arguments, "--json"))


async def with_the_dead(environment: dict[str, str], numbers: range = range(LETTERS)) -> None:
    async with a_recorded_world(environment["amqp_url"], environment["database_url"]) as world, world.recording():
        for number in numbers:
            # One after the other, so that their order is known.
            await world.die([number])
        await world.until_indexed({"erp": len(numbers)})
        await world.until_depth(names.DEAD, 0)


async def in_turn(environment: dict[str, str]) -> list[Incoming]:
    """All letters in the order in which they are handed out."""
    async with (
        a_recorded_world(environment["amqp_url"], environment["database_url"]) as world,
        open_getter(world.session) as getter,
    ):
        return [message for message in [await getter.get(ERP) for _ in range(LETTERS + 1)] if message]


def test_a_thousand_looks_two_at_once_leave_the_queue_as_it_was(environment: dict[str, str]) -> None:
    """Also where a third one is killed while it looks."""
    asyncio.run(with_the_dead(environment))
    command = [sys.executable, str(Path(__file__).with_name("looker.py")), str(LOOKS // 2)]
    looking = [Popen(command, stdout=PIPE) for _ in range(3)]
    assert looking[2].stdout
    looking[2].stdout.read(10_000)
    looking[2].kill()
    shown = [one.communicate()[0] for one in looking]
    assert [one.returncode for one in looking[:2]] == [0, 0]
    assert [told.count(b'"letters": 20') for told in shown[:2]] == [LOOKS // 4] * 2
    assert looked("list")["places"][0] == {"place": "erp", "index": LETTERS, "queue": LETTERS}
    found = asyncio.run(in_turn(environment))
    assert [message.headers[names.HEADER_DELIVERY_ID] for message in found] == [
        f"d{number}" for number in range(LETTERS)
    ]
    assert {message.returned for message in found} == {0}, "none was ever handed out"


def test_a_list_tells_causes_and_agrees_with_the_queue(environment: dict[str, str]) -> None:
    asyncio.run(with_the_dead(environment))
    told = dlq("list")
    assert "20 letters, one cause" in told
    assert "HTTP 422" in told
    assert "the index knows" not in told
    assert dlq("list", "--letters").count("\n") == LETTERS
    assert len(looked("list", "--letters")) == LETTERS
    assert len(looked("list", "--letters", "--id", "d3", "--id", "d4", "--id", "unknown")) == 2


def test_a_list_says_when_somebody_purged_the_queue(environment: dict[str, str]) -> None:
    asyncio.run(with_the_dead(environment))

    async def purge() -> None:
        async with a_recorded_world(environment["amqp_url"], environment["database_url"]) as world:
            await world.ready(ERP)

    asyncio.run(purge())
    assert "mih.dlq.erp: the index knows 20, the queue holds 0; somebody purged" in dlq("list")


def test_a_list_says_when_no_recorder_runs_and_what_limits_took(environment: dict[str, str]) -> None:
    asyncio.run(with_the_dead(environment))

    async def go_on() -> None:
        async with a_recorded_world(environment["amqp_url"], environment["database_url"]) as world:
            await world.die(range(100, 105))
            await world.until_depth(names.DEAD, 5)
            letter = (await world.index.letters("d1"))[0]
            await world.index.note_dropped("erp", 7, why="older than 30d", at=letter.died_at)

    asyncio.run(go_on())
    told = dlq("list", "--service", "erp")
    assert "mih.dead: 5 letters wait for the recorder, and none runs" in told
    assert "mih.dlq.erp: the index knows 20, the queue holds 25" in told
    assert "mih.dlq.erp: 7 letters dropped (older than 30d)" in told


def test_a_broker_that_is_away_leaves_what_the_index_knows(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(with_the_dead(environment))
    monkeypatch.setenv("MIH_AMQP_URL", "amqp://guest:not-to-be-shown@127.0.0.1:1/")
    told = dlq("list")
    assert "20 letters, one cause" in told
    assert "could not be asked: RabbitMQ at" in told
    assert "not-to-be-shown" not in told


def test_a_service_that_nobody_knows_is_refused_with_the_nearest(environment: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match=r"there is no service 'invalied' \(did you mean 'invalid'\?\)"):
        dlq("list", "--service", "invalied")


def test_a_letter_that_is_not_there_is_told_with_where_to_look(environment: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match="the index knows no letter d1; `mih dlq list --letters`"):
        dlq("show", "d1")


def test_a_shown_letter_tells_its_whole_story(environment: dict[str, str]) -> None:
    asyncio.run(with_the_dead(environment))
    for told in (dlq("show", "d3"), dlq("show", "e3")):
        for part in (
            "d3 in mih.dlq.erp",
            "shop.order, e3 from shop",
            "orders of revision 1",
            "Request POST",
            "HTTP 422",
        ):
            assert part in told
    [letter] = looked("show", "d3")
    assert (letter["event"]["data"], letter["request"]["send"]) == ({"n": 3}, {"method": "POST"})
    assert [attempt["status"] for attempt in letter["story"]] == [422]


async def test_reading_while_a_recorder_writes_waits_for_nothing(environment: dict[str, str]) -> None:
    async with a_recorded_world(environment["amqp_url"], environment["database_url"]) as world, world.recording():
        dying = asyncio.create_task(world.die(range(200)))
        async with DeadIndex.open(world.settings.effective_database_url(), patience_s=0.5) as index:
            await replace(world, index=index).until_indexed({"erp": 200})
        await dying
