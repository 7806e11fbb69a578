import asyncio
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from subprocess import Popen

import pytest
from living import eventually, killed_at_the_end, living_with, on_linux

from pipeline.embedded import Child, supervise, supervisor

#: Runs until TERM, then says so; INT would show that Ctrl-C reached it.
STAGE = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
print("ready", flush=True)
while True: time.sleep(60)
"""
IS_DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while True: time.sleep(60)
"""
#: What `mih up` does with its stages; the mark makes them known.
HUB = f"""
import asyncio, signal, sys
from pipeline.embedded import Child, supervise

async def up():
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopping.set)
    stages = [Child(name, [sys.executable, "-c", {STAGE!r}, sys.argv[1]]) for name in ("a", "b")]
    return await supervise(stages, stopping=stopping, announce=lambda name, line: print(name, line, flush=True))

sys.exit(asyncio.run(up()))
"""


class Supervised:
    """A running supervisor and everything that was announced so far."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.lines: list[tuple[str, str]] = []
        self.code: asyncio.Task[int]
        self._news = asyncio.Event()

    def announce(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        self._news.set()

    async def until(self, *wanted: tuple[str, str]) -> None:
        async with asyncio.timeout(30):
            while any(self.lines.count(line) < wanted.count(line) for line in wanted):
                self._news.clear()
                await self._news.wait()

    async def stop(self) -> int:
        self.stopping.set()
        return await asyncio.wait_for(self.code, 30)


@asynccontextmanager
async def _supervised(children: Sequence[Child]) -> AsyncIterator[Supervised]:
    it = Supervised()
    it.code = asyncio.create_task(supervise(children, stopping=it.stopping, announce=it.announce))
    try:
        yield it
    finally:
        it.code.cancel()
        await asyncio.wait([it.code])


def _stage(name: str, code: str = STAGE) -> Child:
    return Child(name, [sys.executable, "-c", code])


async def test_children_stop_in_the_order_given() -> None:
    names = ["ingest", "router", "sender rest"]
    async with _supervised([_stage(name) for name in names]) as hub:
        await hub.until(*((name, "ready") for name in names))
        assert await hub.stop() == 0
    assert hub.lines[-3:] == [(name, "ended with exit code 0") for name in names]


async def test_a_child_that_dies_is_started_again() -> None:
    async with _supervised([_stage("ingest")]) as hub:
        await hub.until(("ingest", "ready"))
        os.kill(_pid_told(hub), signal.SIGKILL)
        await hub.until(("ingest", "ended by SIGKILL; starts again in 0.5 s"), *[("ingest", "ready")] * 2)
        assert await hub.stop() == 0


async def test_a_child_that_dies_at_once_is_awaited_longer_each_time() -> None:
    async with _supervised([_stage("ingest", "raise SystemExit(3)")]) as hub:
        await hub.until(*(("ingest", f"ended with exit code 3; starts again in {wait}") for wait in ("0.5 s", "1 s")))
        assert await hub.stop() == 0


async def test_everything_a_child_says_is_announced_under_its_name() -> None:
    says = "import sys; print('out\\nmore'); sys.stderr.write('error'); sys.stdout.flush(); raise SystemExit"
    async with _supervised([_stage("ingest", says)]) as hub:
        await hub.until(("ingest", "out"), ("ingest", "more"), ("ingest", "error"))
        assert await hub.stop() == 0


async def test_a_line_beyond_all_measure_does_not_stop_the_others() -> None:
    says = "print('x' * 3_000_000, flush=True); print('short', flush=True)"
    async with _supervised([_stage("ingest", says)]) as hub:
        await hub.until(("ingest", "short"))
        assert max(len(line) for _, line in hub.lines) <= 1_048_576
        assert await hub.stop() == 0


async def test_a_child_has_the_environment_given() -> None:
    child = Child("ingest", [sys.executable, "-c", "import os; print(os.environ['A'])"], {"A": "given"})
    async with _supervised([child]) as hub:
        await hub.until(("ingest", "given"))
        assert await hub.stop() == 0


async def test_a_child_deaf_to_term_is_killed_and_the_others_still_stop_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "STOP_WITHIN_S", 2.0)
    async with _supervised([_stage("ingest", IS_DEAF), _stage("router")]) as hub:
        await hub.until(("ingest", "ready"), ("router", "ready"))
        deaf = _pid_told(hub)
        assert await hub.stop() == 1
    assert hub.lines[-2:] == [("router", "ended with exit code 0"), ("ingest", "did not stop within 2 s: killed")]
    with pytest.raises(ProcessLookupError):
        os.kill(deaf, 0)


async def test_a_cancelled_supervisor_leaves_no_child() -> None:
    async with _supervised([_stage("ingest")]) as hub:
        await hub.until(("ingest", "ready"))
        pid = _pid_told(hub)
        hub.code.cancel()
        await asyncio.wait([hub.code])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def _until_both_are_ready(hub: Popen[str]) -> None:
    assert hub.stdout
    assert {"a ready\n", "b ready\n"} <= {hub.stdout.readline() for _ in range(4)}


def test_ctrl_c_reaches_the_supervisor_only_which_stops_all_in_order() -> None:
    with killed_at_the_end([sys.executable, "-c", HUB, "mark"]) as hub:
        _until_both_are_ready(hub)
        os.killpg(hub.pid, signal.SIGINT)
        assert hub.stdout
        assert hub.stdout.read() == "a ended with exit code 0\nb ended with exit code 0\n"
        assert hub.wait(20) == 0


@on_linux
def test_kill_9_of_the_supervisor_leaves_no_child() -> None:
    mark = f"mark-{uuid.uuid4()}"
    with killed_at_the_end([sys.executable, "-c", HUB, mark]) as hub:
        _until_both_are_ready(hub)
        assert len(living_with(mark)) >= 5, "the supervisor, two stages and their watchers"
        hub.kill()
    assert eventually(lambda: living_with(mark), {}) == {}


def _pid_told(hub: Supervised) -> int:
    _, line = next(said for said in hub.lines if said[1].startswith("runs as process "))
    return int(line.removeprefix("runs as process "))
