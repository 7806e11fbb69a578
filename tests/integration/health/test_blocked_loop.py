"""A process whose event loop is blocked says so while it lasts, and ends, so that its supervisor starts it again."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

#: Seconds within which anything here must have happened; far more than it needs.
WITHIN_S = 20


@dataclass
class Blockable:
    """The process, what it said so far, and where it can be asked."""

    process: Process
    said: list[str] = field(default_factory=list)
    address: str = ""

    async def read_to(self, word: str) -> str:
        assert self.process.stderr
        async with asyncio.timeout(WITHIN_S):
            while line := (await self.process.stderr.readline()).decode():
                self.said.append(line)
                if word in line:
                    return line
        raise AssertionError(f"it ended without {word!r}: {self.said}")

    async def ask(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=WITHIN_S) as client:
            return await client.get(f"http://{self.address}{path}")

    async def until_healthz(self, holds: Callable[[int, Any], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while True:
                answer = await self.ask("/healthz")
                if holds(answer.status_code, answer.json()):
                    return
                await asyncio.sleep(0.02)

    async def block(self) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"\n")
        await self.process.stdin.drain()


@asynccontextmanager
async def a_role(folder: Path, **settings: str) -> AsyncIterator[Blockable]:
    environment = os.environ | {
        "MIH_STATE_DIR": str(folder),
        "MIH_HEALTH_ADDRESS": "127.0.0.1:0",
        "MIH_LOG_FORMAT": "json",
        **settings,
    }
    script = str(Path(__file__).with_name("blocked_role.py"))
    process = await asyncio.create_subprocess_exec(sys.executable, script, env=environment, stdin=PIPE, stderr=PIPE)
    role = Blockable(process)
    try:
        role.address = orjson.loads(await role.read_to("can be asked"))["address"]
        yield role
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_blocked_loop_is_told_by_the_process_itself(tmp_path: Path) -> None:
    async with a_role(tmp_path, MIH_WATCHDOG="0s") as role:
        answer = await role.ask("/healthz")
        assert (answer.status_code, answer.json()["role"], answer.json()["state"]) == (200, "blocked", "alive")
        assert (await role.ask("/readyz")).status_code == 200
        await role.block()
        await role.until_healthz(lambda status, body: status == 503 and body["state"] == "blocked")
        assert (await role.ask("/healthz")).json()["reasons"][0].startswith("the event loop is blocked for ")
        assert (await role.ask("/readyz")).status_code == 503
        assert "mih_ready 0.0" in (await role.ask("/metrics")).text
        # More than the watchdog's minute: it is off.
        await role.until_healthz(lambda _, body: int(body["reasons"][0].split()[-2]) > 80)


async def test_a_process_that_stays_blocked_ends_and_says_where_it_was(tmp_path: Path) -> None:
    async with a_role(tmp_path, MIH_WATCHDOG="15s") as role:
        await role.block()
        told = orjson.loads(await role.read_to("event loop is blocked"))
        assert (told["level"], told["blocked_s"], told["exit_code"], told["role"]) == ("critical", 15, 70, "blocked")
        assert "block_here" in "".join(role.said)
        assert await asyncio.wait_for(role.process.wait(), WITHIN_S) == 70


async def test_a_process_that_was_stopped_for_long_and_goes_on_is_left_alone(tmp_path: Path) -> None:
    async with a_role(tmp_path, MIH_WATCHDOG="10s") as role:
        role.process.send_signal(signal.SIGSTOP)
        # Far more than the half second after which it would end.
        await asyncio.sleep(2)
        role.process.send_signal(signal.SIGCONT)
        for _ in range(20):
            assert (await role.ask("/healthz")).status_code == 200


async def test_a_path_that_is_none_is_told_with_those_that_are(tmp_path: Path) -> None:
    async with a_role(tmp_path) as role:
        answer = await role.ask("/health")
        assert (answer.status_code, answer.text) == (404, "expected /healthz, /readyz or /metrics\n")


async def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    async with a_role(tmp_path) as role:
        second = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "pipeline.cli", "ingest"),
            env=os.environ | {"MIH_STATE_DIR": str(tmp_path), "MIH_HEALTH_ADDRESS": role.address},
            stderr=PIPE,
        )
        _, told = await asyncio.wait_for(second.communicate(), WITHIN_S)
        assert second.returncode == 2
        assert f"MIH_HEALTH_ADDRESS: cannot listen on {role.address}: " in " ".join(told.decode().split())
