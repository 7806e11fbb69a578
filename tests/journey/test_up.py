"""`mih up` runs everything in one terminal, mends it, and leaves nothing behind."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from hub_world import DEADLINE_S, Hub, order, registry_for, running_service, until

from pipeline.settings import HUB_FILE


@asynccontextmanager
async def hub_up(folder: Path, *files: str) -> AsyncIterator[tuple[Hub, asyncio.subprocess.Process, Path]]:
    """`mih up` with nothing named, as on a laptop; its output goes to a file."""
    named = {name: value for name, value in os.environ.items() if not name.startswith("MIH_")}
    environment = {**named, "MIH_STATE_DIR": str(folder), "MIH_ALLOWED_NETWORKS": "127.0.0.0/8"}
    output = folder / "up.txt"
    with output.open("wb") as file:
        up = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pipeline.cli", "up", *files, env=environment, stdout=file, stderr=file
        )
    try:
        yield Hub(environment, folder), up, output
    finally:
        if up.returncode is None:
            up.send_signal(signal.SIGINT)
            await asyncio.wait_for(up.wait(), DEADLINE_S)


def descendants(pid: int) -> set[int]:
    """Every process below this one."""
    found: set[int] = set()
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, tasks.read_text().split()):
            found |= {child} | descendants(child)
    return found


def living(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


async def test_up_delivers_mends_a_dead_stage_and_leaves_no_process(tmp_path: Path) -> None:
    async with running_service() as service:
        registry = tmp_path / "hub.yaml"
        registry.write_text(registry_for(service.url))
        async with hub_up(tmp_path, str(registry)) as (hub, up, output):
            await until(lambda: "the hub is up" in output.read_text(), "the hub is up")
            # A second terminal finds the private broker by itself.
            await hub.publish([order(1)])
            await until(lambda: service.numbers() == {1}, "an event arrives")
            started = re.search(r"sender-rest.*runs as process (\d+)", output.read_text())
            assert started
            os.kill(int(started[1]), signal.SIGKILL)
            await hub.publish([order(2)])
            await until(lambda: service.numbers() == {1, 2}, "an event arrives after the sender was killed")
            road = orjson.loads(await hub.run("status", "--json"))["road"]
            assert set(road) >= {"ingest", "router", "invalid", "unroutable"}
            everything = descendants(up.pid)
            assert len(everything) >= 6
            up.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(up.wait(), DEADLINE_S) == 0
        await until(lambda: not living(everything), "all its processes are gone")
    assert not (tmp_path / HUB_FILE).exists()


async def test_what_waits_is_still_there_when_the_hub_comes_up_again(tmp_path: Path) -> None:
    async with running_service() as service:
        service.answer = lambda _: 422
        registry = tmp_path / "hub.yaml"
        registry.write_text(registry_for(service.url))
        async with hub_up(tmp_path, str(registry)) as (hub, _, output):
            await until(lambda: "the hub is up" in output.read_text(), "the hub is up")
            await hub.publish(order(number) for number in range(3))
            await until(lambda: len(service.arrived) == 3, "all were refused")
        service.answer = lambda _: 200
        async with hub_up(tmp_path) as (hub, _, output):
            await until(lambda: "the hub is up" in output.read_text(), "the hub is up again")
            await hub.run("dlq", "replay", "--service", "till")
            await until(lambda: service.numbers() == {0, 1, 2}, "the dead letters of before arrive")


async def test_a_kill_of_up_itself_leaves_no_process(tmp_path: Path) -> None:
    async with hub_up(tmp_path) as (_, up, output):
        await until(lambda: "the hub is up" in output.read_text(), "the hub is up")
        everything = descendants(up.pid)
        up.kill()
        await up.wait()
        await until(lambda: not living(everything), "all its processes are gone")
