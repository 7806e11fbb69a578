"""A program that runs as long as a block does, and takes all that it started along when it ends."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from pipeline.embedded.guardian import guarded


@asynccontextmanager
async def started(
    *command: str, log: Path, environment: Mapping[str, str] | None = None, talks: bool = False
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run it in a session of its own, no longer than the bench lives, however that ends.

    One that `talks` has pipes to its stdin and from its stdout, and ends by itself when its stdin does.
    """
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(command if talks else guarded(list(command), grace_s=0)),
            env={**os.environ, **(environment or {})},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if talks else output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
