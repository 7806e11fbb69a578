"""`mih` as a process, on a test's own broker and folder."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from stages_world import World

from pipeline.dead_index import DeadIndex, read_letter
from pipeline.settings import load_settings
from topology import names

REGISTRY = """
version: 1
services:
  erp: {transport: rest, url: "https://erp.example.org/"}
  lms: {transport: rest, url: "https://lms.example.org/"}
rules:
  rule-0: {event: shop.order, service: erp, send: {method: PATCH, path: "/v2/{{n}}"}, payload: '{"number": {{n}}}'}
"""


@dataclass(frozen=True)
class Mih:
    """Commands, and where they leave what they leave."""

    environment: dict[str, str]
    folder: Path

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "pipeline.cli", *arguments)
        return await asyncio.create_subprocess_exec(
            *command, env=self.environment, stdin=pipe, stdout=pipe, stderr=pipe
        )

    async def run(self, *arguments: str, stdin: bytes = b"") -> tuple[int | None, str]:
        """The exit code, and what was printed: where there is nothing on standard output, what was complained."""
        process = await self.start(*arguments)
        output, complaints = await asyncio.wait_for(process.communicate(stdin), 60)
        assert b"Traceback" not in complaints, complaints.decode()
        return process.returncode, (output or complaints).decode()

    async def json(self, *arguments: str) -> Any:
        """What a command tells programs; it must succeed."""
        code, told = await self.run(*arguments, "--json")
        assert code == 0, told
        return orjson.loads(told)

    @asynccontextmanager
    async def index(self) -> AsyncIterator[DeadIndex]:
        async with DeadIndex.open(load_settings(self.environment).effective_database_url()) as index:
            yield index


async def mih_of(world: World, folder: Path) -> Mih:
    """Commands with a registry in force."""
    environment = os.environ | {
        "MIH_AMQP_URL": world.settings.amqp_url,
        "MIH_REDIS_URL": world.settings.redis_url,
        "MIH_DATABASE_URL": f"sqlite:///{folder}/mih.db",
        "MIH_STATE_DIR": str(folder),
    }
    mih = Mih(environment, folder)
    (folder / "registry.yaml").write_text(REGISTRY)
    code, told = await mih.run("apply", str(folder / "registry.yaml"))
    assert code == 0, told
    return mih


async def recorded(world: World, mih: Mih, letters: int) -> None:
    """Do a recorder's work for so many letters."""
    await world.until_depth(names.DEAD, letters)
    async with mih.index() as index:
        now = datetime.now(UTC)
        await index.add([read_letter(message, now) for message in await world.ready(names.DEAD)])
