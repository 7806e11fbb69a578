"""`mih status` tells how the services stand and what is wrong; what does not answer is named, and the rest is told."""

import asyncio
import os
import pty
import re
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import aio_pika
import orjson
import pytest
from hub_world import DEADLINE_S, ROLES, Hub, Service, order, registry_for, until
from test_commands import mistake

from pipeline.shared_state import open_shared_state
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Burden, Permit, Policy
from topology import names

POLICY = Policy(failures=1)
AWAY = {
    "MIH_AMQP_URL": "amqp://mih:hunter2@127.0.0.1:1/",
    "MIH_MANAGEMENT_URL": "http://mih:hunter2@127.0.0.1:1",
    "MIH_REDIS_URL": "redis://mih:hunter2@127.0.0.1:1/0",
    "MIH_DATABASE_URL": "postgresql://mih:hunter2@127.0.0.1:1/mih",
}


@pytest.fixture
async def _applied(hub: Hub) -> None:
    await hub.apply(registry_for("https://till.example.org/api"))


@pytest.fixture
async def breakers(hub: Hub) -> AsyncIterator[Breakers]:
    async with open_shared_state(hub.environment["MIH_REDIS_URL"], monotonic) as shared:
        yield Breakers(shared)


async def status(hub: Hub) -> tuple[int | None, dict[str, Any]]:
    code, told = await mistake(hub, "status", "--json")
    found: dict[str, Any] = orjson.loads(told)
    assert code == (1 if found["trouble"] else 0)
    return code, found


async def put(hub: Hub, queue: str, body: bytes = b"{}") -> None:
    connection = await aio_pika.connect(hub.environment["MIH_AMQP_URL"])
    async with connection:
        channel = await connection.channel()
        await channel.default_exchange.publish(aio_pika.Message(body), queue)


def wrong(found: dict[str, Any]) -> set[str]:
    return {one["what"] for one in found["trouble"]}


async def test_a_hub_at_work_is_told_with_its_numbers_and_exit_code_0(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url))
    await hub.start(*{*ROLES, "recorder"})
    await hub.publish(order(number) for number in range(20))
    await until(lambda: len(service.numbers()) == 20, "all orders arrive")
    for _ in range(DEADLINE_S):
        code, found = await status(hub)
        if code == 0:
            break
    assert wrong(found) == set()
    assert found["alive"] == {"rest": 1}
    [till] = found["services"]
    assert (till["state"], till["senders"], till["dead"], till["oldest_at_most_s"]) == ("closed", 1, 0, None)
    assert 0 < till["p50_ms"] <= till["p99_ms"]
    assert till["rate_per_s"] > 0
    told = await hub.run("status")
    assert "Nothing is wrong" in told
    assert "Senders alive: rest 1" in told


@pytest.mark.usefixtures("_applied")
async def test_what_nobody_runs_is_told_with_the_command_that_runs_it(hub: Hub) -> None:
    await put(hub, names.service_queue("till"))
    code, told = await mistake(hub, "status")
    assert code == 1
    for line in (
        r"no ingest runs +0 wait +mih ingest",
        r"no router runs +0 wait +mih router",
        r"no recorder runs +0 wait +mih recorder",
        r"no sender for rest is alive +1 wait for till +mih sender rest",
    ):
        assert re.search(line, told), line


@pytest.mark.usefixtures("_applied")
async def test_an_open_breaker_is_told_with_its_next_probe_its_last_error_and_how_long_messages_wait(
    hub: Hub, breakers: Breakers
) -> None:
    hour_ago_ms = round(datetime.now(UTC).timestamp() * 1000) - 3_600_000
    permit = await breakers.permit("till", POLICY, "d", "t", first_seen_ms=hour_ago_ms)
    assert isinstance(permit, Permit)
    failed = Burden(fails=True)
    await breakers.report(
        "till", POLICY, permit, failed, delivery_key="d", remember_ms=1, error="503 from\n\x1b[2Jtill", latency_ms=5
    )
    await breakers.heartbeat("rest", "a")
    await put(hub, names.service_queue("till"))
    _, found = await status(hub)
    [till] = found["services"]
    assert (till["state"], till["failures"], till["last_error"], till["ready"]) == ("open", 1, "503 from �[2Jtill", 1)
    assert found["at"] < till["next_probe"]
    assert 3600 <= till["oldest_at_most_s"] < 4200
    # It explains that nobody consumes.
    assert {one for one in wrong(found) if "till" in one} == {"till: breaker open"}
    _, told = await mistake(hub, "status")
    assert re.search(r"till +open \d+s, probe (in \d+s|now) +1 +~1h", told)
    assert re.search(r"till: breaker open +for \d+s, probe .*, 503 from �\[2Jtill +mih breaker show till", told)


@pytest.mark.usefixtures("_applied")
async def test_what_people_stopped_is_told_with_who_why_and_how_it_goes_on(hub: Hub) -> None:
    await hub.run("pause", "till", "--why", "they move house", "--who", "ada")
    await hub.run("breaker", "open", "till", "--why", "audit", "--who", "ben")
    await hub.run("rule", "stop", "orders", "--why", "wrong prices", "--who", "eve")
    _, found = await status(hub)
    [till] = found["services"]
    assert (till["paused"]["who"], till["forced"]["kind"]) == ("ada", "breaker-open")
    assert wrong(found) >= {"till is paused", "till: breaker forced open", "rule orders is stopped"}
    _, told = await mistake(hub, "status")
    assert re.search(r"till +paused by ada, forced open", told)
    assert re.search(r"till is paused +by ada at .*: they move house +mih resume till", told)
    assert re.search(r"rule orders is stopped +by eve at .*: wrong prices +mih rule start orders", told)


@pytest.mark.usefixtures("_applied")
async def test_what_lies_where_nothing_should_is_told_with_how_to_look_at_it(hub: Hub) -> None:
    for queue in (names.dead_letter_queue("till"), names.INVALID, names.UNROUTABLE, names.suspect_queue("ingest")):
        await put(hub, queue)
    _, found = await status(hub)
    assert wrong(found) >= {"till: 1 dead", "invalid: 1", "unroutable: 1", "suspect in ingest: 1"}
    hints = {one["what"]: one["hint"] for one in found["trouble"]}
    assert hints["till: 1 dead"] == "mih dlq list --service till"


@pytest.mark.usefixtures("_applied")
async def test_a_queue_of_a_service_that_is_no_more_is_told(hub: Hub) -> None:
    await put(hub, names.service_queue("till"))
    await hub.apply("version: 1\nservices: {}\n")
    for _ in range(DEADLINE_S):
        _, found = await status(hub)
        if found["services"]:
            break
    [trouble] = [one for one in found["trouble"] if one["service"]]
    assert trouble["why"] == "the service is in the registry no more"


@pytest.mark.usefixtures("_applied")
@pytest.mark.parametrize(
    ("variable", "what", "known"),
    [
        ("MIH_AMQP_URL", "RabbitMQ is away", ["road", "services", "alive"]),
        ("MIH_REDIS_URL", "Redis is away", ["road", "services"]),
        ("MIH_DATABASE_URL", "database is away", ["road"]),
    ],
)
async def test_what_is_away_is_named_once_and_the_rest_is_told(
    hub: Hub, variable: str, what: str, known: list[str]
) -> None:
    hub.environment[variable] = AWAY[variable]
    code, found = await status(hub)
    assert code == 1
    assert what in wrong(found)
    assert all(found[part] for part in known)
    code, told = await mistake(hub, "status")
    assert code == 1
    assert told.count(what) == 1
    assert "hunter2" not in told
    assert "ingest" in told


@pytest.mark.usefixtures("_applied")
async def test_with_everything_away_everything_is_named(hub: Hub) -> None:
    hub.environment |= AWAY
    code, told = await mistake(hub, "status")
    assert code == 1
    for one in ("RabbitMQ is away", "Redis is away", "database is away", "in hand is not known: management API"):
        assert told.count(one) == 1, one
    assert "hunter2" not in told


async def test_a_hub_of_which_nothing_was_applied_is_told_how_to_begin(hub: Hub) -> None:
    code, told = await mistake(hub, "status")
    assert code == 1
    assert "there is no such file; `mih apply` makes it on a new machine" in told
    assert re.search(r"queues are missing +mih.ingest, mih.router, mih.dead +mih topology apply", told)


async def _watching(hub: Hub, *arguments: str, stdout: int) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "pipeline.cli", "status", "--watch", *arguments]
    pipe = asyncio.subprocess.PIPE
    environment = hub.environment | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    return await asyncio.create_subprocess_exec(*command, env=environment, stdin=stdout, stdout=stdout, stderr=pipe)


@pytest.mark.usefixtures("_applied")
async def test_a_watch_without_a_terminal_tells_again_and_again_until_it_is_ended(hub: Hub) -> None:
    watching = await _watching(hub, "0.1", stdout=asyncio.subprocess.PIPE)
    assert watching.stdout
    assert watching.stderr
    seen = 0
    async with asyncio.timeout(DEADLINE_S):
        while seen < 2:
            seen += b"The road" in await watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, complaints = await asyncio.wait_for(watching.communicate(), DEADLINE_S)
    assert watching.returncode == 0
    assert complaints == b""


@pytest.mark.usefixtures("_applied")
async def test_a_watch_on_a_terminal_fills_it_and_gives_it_back(hub: Hub) -> None:
    ours, theirs = pty.openpty()
    watching = await _watching(hub, "0.1", stdout=theirs)
    os.close(theirs)
    screen = b""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while screen.count(b"Services") < 3:
                screen += await asyncio.to_thread(os.read, ours, 65_536)
        watching.send_signal(signal.SIGINT)
        async with asyncio.timeout(DEADLINE_S):
            while b"\x1b[?1049l" not in screen:
                screen += await asyncio.to_thread(os.read, ours, 65_536)
    finally:
        os.close(ours)
    assert screen.count(b"\x1b[?1049h") == 1
    assert await asyncio.wait_for(watching.wait(), DEADLINE_S) == 0
    assert watching.stderr
    assert await watching.stderr.read() == b""


@pytest.mark.usefixtures("_applied")
async def test_a_watch_for_programs_is_one_json_after_the_other(hub: Hub) -> None:
    watching = await _watching(hub, "0.1", "--json", stdout=asyncio.subprocess.PIPE)
    assert watching.stdout
    texts = [await asyncio.wait_for(watching.stdout.readuntil(b"\n}\n"), DEADLINE_S) for _ in range(2)]
    watching.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(watching.wait(), DEADLINE_S) == 0
    first, second = map(orjson.loads, texts)
    assert first["at"] < second["at"]


async def test_seconds_without_a_watch_are_refused(hub: Hub) -> None:
    code, told = await mistake(hub, "status", "5")
    assert code == 2
    assert "--watch" in told
