"""Replaying: `mih dlq replay` in a process of its own, as an operator runs it."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True, slots=True)
class Replay:
    """The command, on the demo's hub; what it says goes to the log."""

    environment: Mapping[str, str]
    log: IO[str]

    async def __call__(self, slug: str) -> None:
        """Replay the dead letters of a service; whether they arrive, the account says."""
        command = [sys.executable, "-m", "pipeline.cli", "dlq", "replay", "--service", slug]
        process = await asyncio.create_subprocess_exec(
            *command,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self.log,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
