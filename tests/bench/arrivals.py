"""The destination's process, as the bench talks to it."""

import asyncio
import sys
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from started import started

_POLL_S = 0.05
#: Seconds without any further request after which a round has failed.
_PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Destination:
    """Where everything arrives."""

    address: str
    process: asyncio.subprocess.Process
    folder: Path

    async def expect(self, count: int) -> None:
        """Forget what came so far; numbers below this come next."""
        await self._ask(f"expect {count}")

    async def hang(self, slug: str) -> None:
        """Take requests of this service and answer none."""
        await self._ask(f"hang {slug}")

    async def down(self, slug: str) -> None:
        """Answer 503 to each request of this service at once; none counts as one that came."""
        await self._ask(f"down {slug}")

    async def slow(self, slug: str, ms: int) -> None:
        """Answer each request of this service well, after so long."""
        await self._ask(f"slow {slug} {ms}")

    async def heal(self, slug: str) -> None:
        """Answer further requests again, at once."""
        await self._ask(f"heal {slug}")

    async def requests(self) -> int:
        """How many came."""
        return await self._ask("count")

    async def until(self, count: int) -> None:
        """Wait until so many came; nothing further for a minute is a failure, told in words."""
        came, moved = 0, monotonic()
        while (now := await self._ask("count")) < count:
            if now > came:
                came, moved = now, monotonic()
            if monotonic() - moved > _PATIENCE_S:
                raise TimeoutError(f"{now} of {count} requests came, and then none for {_PATIENCE_S} s")
            await asyncio.sleep(_POLL_S)

    async def arrivals(self) -> "array[float]":
        """When each number first came, on the clock that all processes share; 0 is never."""
        return await self._written("write")

    async def flights(self) -> Sequence[tuple[float, int]]:
        """When each request to a slow service came, and how many were in flight then, itself included."""
        found = await self._written("flights")
        return [(moment, round(flying)) for moment, flying in zip(found[::2], found[1::2], strict=True)]

    async def _written(self, command: str) -> "array[float]":
        file = self.folder / command
        await self._ask(f"{command} {file}")
        read = array("d")
        read.frombytes(file.read_bytes())
        return read

    async def _ask(self, command: str) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{command}\n".encode())
        return int(await self.process.stdout.readline())


@asynccontextmanager
async def running_destination(folder: Path) -> AsyncIterator[Destination]:
    """Start it on a free port."""
    told = folder / "port"
    script = str(Path(__file__).with_name("counting_destination.py"))
    async with started(sys.executable, script, str(told), log=folder / "destination.log", talks=True) as process:
        while not (told.exists() and (port := told.read_text())):
            if process.returncode is not None:
                raise RuntimeError((folder / "destination.log").read_text())
            await asyncio.sleep(_POLL_S)
        yield Destination(f"http://127.0.0.1:{port}", process, folder)
