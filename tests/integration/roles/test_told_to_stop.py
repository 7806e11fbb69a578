"""A role that is told to stop ends in order and in time, whatever it is at: SIGTERM comes at any moment."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

ROLES = ("ingest", "router", "sender rest", "recorder", "suspect", "canary --every 1s")
#: Seconds: what a supervisor grants.
WITHIN_S = 10
#: Of a busy machine, to come up.
COMES_UP_WITHIN_S = 60
TOLD_WHILE_IMPORTING = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == "pipeline.cli." + sys.argv[1]:
            os.kill(os.getpid(), signal.SIGTERM)
sys.meta_path.insert(0, Finder())
from pipeline.cli import main
main()
"""
NOBODY = "amqp://mih:hunter2@127.0.0.1:1/"


@asynccontextmanager
async def roles_on(amqp_url: str, folder: Path) -> AsyncIterator[dict[str, Process]]:
    """Every role as a process of its own, on this broker, with no Redis."""
    environment = os.environ | {
        "MIH_AMQP_URL": amqp_url,
        "MIH_REDIS_URL": "redis://127.0.0.1:1/0",
        "MIH_STATE_DIR": str(folder),
        "MIH_LOG_FORMAT": "json",
    }
    started = {
        role: await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pipeline.cli", *role.split()), env=environment, stdout=PIPE, stderr=STDOUT
        )
        for role in ROLES
    }
    try:
        yield started
    finally:
        for process in started.values():
            if process.returncode is None:
                process.kill()
            await process.wait()


async def read_to(process: Process, word: str) -> None:
    assert process.stdout
    async with asyncio.timeout(COMES_UP_WITHIN_S):
        while line := (await process.stdout.readline()).decode():
            if word in line:
                return
    raise AssertionError(f"it ended without {word!r}")


async def ended(process: Process) -> int | None:
    process.send_signal(signal.SIGTERM)
    # What it says must not hold it up.
    await asyncio.wait_for(process.communicate(), WITHIN_S)
    return process.returncode


async def all_ended(roles: dict[str, Process]) -> dict[str, int | None]:
    return dict(zip(roles, await asyncio.gather(*map(ended, roles.values())), strict=True))


async def test_while_the_broker_is_away_each_role_ends_well(tmp_path: Path) -> None:
    async with roles_on(NOBODY, tmp_path) as roles:
        await asyncio.gather(*(read_to(process, "broker away") for process in roles.values()))
        assert await all_ended(roles) == dict.fromkeys(ROLES, 0)


async def test_while_a_broker_that_never_answers_is_connected_to_each_role_ends_well(tmp_path: Path) -> None:
    held: list[asyncio.StreamWriter] = []
    async with silent_listener(held) as url, roles_on(url, tmp_path) as roles:
        async with asyncio.timeout(COMES_UP_WITHIN_S):
            while len(held) < len(ROLES):  # noqa: ASYNC110 - what is awaited happens in other processes
                await asyncio.sleep(0.05)
        assert await all_ended(roles) == dict.fromkeys(ROLES, 0)


@asynccontextmanager
async def silent_listener(held: list[asyncio.StreamWriter]) -> AsyncIterator[str]:
    """Take whoever comes, and say nothing."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        yield f"amqp://mih:hunter2@127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for writer in held:
            writer.transport.abort()


@pytest.mark.parametrize("role", [*ROLES, "up"])
async def test_who_is_told_before_it_has_come_up_ends_well(role: str, tmp_path: Path) -> None:
    assert await told_while_importing(role, tmp_path) == 0


async def test_a_command_that_is_told_to_stop_ends_as_any_program_does(tmp_path: Path) -> None:
    assert await told_while_importing("topology verify", tmp_path) == -signal.SIGTERM


async def told_while_importing(command: str, folder: Path) -> int | None:
    """Give the exit code of a command that is told to stop as it begins to import its own file."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", TOLD_WHILE_IMPORTING, *command.split()),
        env=os.environ | {"MIH_AMQP_URL": NOBODY, "MIH_STATE_DIR": str(folder)},
    )
    return await asyncio.wait_for(process.wait(), COMES_UP_WITHIN_S)
