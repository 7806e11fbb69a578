"""The supervisor: runs every stage as a child process, starts again what dies, and stops all in order.

Each child runs under a guardian, in a session of its own: Ctrl-C reaches the supervisor only, and a supervisor that is
killed takes its children along.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import IO

from pipeline.embedded.backoff import next_wait_s
from pipeline.embedded.guardian import guarded

#: All children together, from the first TERM to the last KILL.
STOP_WITHIN_S = 8.0
#: A longer line of output is left out.
_LINE_BYTES = 1_048_576

#: Takes a child's name and one line: of its output, or of what the supervisor says about it.
Announce = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Child:
    """A program to keep running; without an `environment` it gets the supervisor's."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None


async def supervise(children: Sequence[Child], *, stopping: asyncio.Event, announce: Announce) -> int:
    """Keep the children running until `stopping` is set; then stop them in the order given, one after the other.

    Returns 0, or 1 when a child had to be killed.
    """
    keepers = [_Keeper(child, announce) for child in children]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(keeper.keep(), name=keeper.child.name) for keeper in keepers]
        await stopping.wait()
        return await _stop(keepers, tasks)


async def _stop(keepers: Sequence["_Keeper"], tasks: Sequence[asyncio.Task[None]]) -> int:
    now = asyncio.get_running_loop().time
    deadline = now() + STOP_WITHIN_S
    for place, (keeper, task) in enumerate(zip(keepers, tasks, strict=True)):
        keeper.leaving.set()
        # One that hangs must leave the others time to stop in order.
        await asyncio.wait([task], timeout=(deadline - now()) / (len(tasks) - place))
    for keeper, task in zip(keepers, tasks, strict=True):
        await asyncio.wait([task], timeout=max(0.0, deadline - now()))
        if not task.done():
            keeper.say(f"did not stop within {STOP_WITHIN_S:g} s: killed")
            task.cancel()
    return int(any(task.cancelling() for task in tasks))


class _Keeper:
    """Keeps one child running until `leaving` is set; cancelling `keep` kills the child."""

    def __init__(self, child: Child, announce: Announce) -> None:
        self.child = child
        self.leaving = asyncio.Event()
        self._announce = announce

    async def keep(self) -> None:
        """Run the child, again and again."""
        now, wait_s = asyncio.get_running_loop().time, 0.0
        while not self.leaving.is_set():
            born = now()
            ending = await self._run()
            if self.leaving.is_set():
                self.say(ending)
                return
            wait_s = next_wait_s(wait_s, now() - born)
            self.say(f"{ending}; starts again in {wait_s:g} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self.leaving.wait(), wait_s)

    async def _run(self) -> str:
        async with _running(self.child) as (process, lifeline), asyncio.TaskGroup() as group:
            self.say(f"runs as process {process.pid}")
            group.create_task(self._relay(process.stdout))
            parting = group.create_task(self._terminate_when_leaving(process))
            code = await process.wait()
            parting.cancel()
            lifeline.close()
        return _told(code)

    async def _terminate_when_leaving(self, process: asyncio.subprocess.Process) -> None:
        await self.leaving.wait()
        with suppress(ProcessLookupError):
            process.terminate()

    async def _relay(self, output: asyncio.StreamReader | None) -> None:
        while output and not output.at_eof():
            try:
                line = await output.readline()
            except ValueError:
                self.say(f"(left out: a line of more than {_LINE_BYTES} bytes)")
                continue
            if line:
                self.say(line.decode(errors="replace").rstrip("\r\n"))

    def say(self, line: str) -> None:
        """Announce a line under the child's name."""
        self._announce(self.child.name, line)


@asynccontextmanager
async def _running(child: Child) -> AsyncIterator[tuple[asyncio.subprocess.Process, IO[bytes]]]:
    """The process, and the near end of its guardian's pipe."""
    far, near = os.pipe()
    with os.fdopen(near, "wb") as lifeline:
        with os.fdopen(far, "rb"):
            process = await asyncio.create_subprocess_exec(
                *guarded(list(child.command), grace_s=STOP_WITHIN_S),
                stdin=far,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=child.environment,
                start_new_session=True,
                limit=_LINE_BYTES,
            )
        try:
            yield process, lifeline
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def _told(code: int) -> str:
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
