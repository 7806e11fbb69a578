"""Letters into the index, many in one transaction; a database that is away is awaited with the letters in hand."""

import asyncio
from dataclasses import dataclass, field

import structlog

from pipeline.dead_index import DeadIndex, Letter
from pipeline.errors import Unavailable
from pipeline.pause import pause

#: Seconds for which the first letter of a batch waits for others.
GATHER_S = 0.2
#: Bytes of bodies in one transaction, so that it ends within the database's patience.
_MAX_BYTES = 8 * 1024 * 1024
#: Waits before a batch that could not be written is tried again; the last one again and again.
_RETRY_WAITS_S = (0.5, 1, 2, 5)
#: Tries with the letters in hand, about four minutes with what each try waits for: RabbitMQ wants them back after 30.
_TRIES_IN_HAND = 24

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    letter: Letter
    written: asyncio.Future[None]


@dataclass(slots=True, eq=False)
class Batches:
    """Gathers letters of many takers and writes them; `stuck` is set while a batch has waited too long to be held."""

    index: DeadIndex
    #: So many letters can be in hand; when they are, none is waited for.
    most: int
    stuck: asyncio.Event = field(default_factory=asyncio.Event)
    #: No batch is being written.
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: list[_Waiting] = field(default_factory=list)
    _some: asyncio.Event = field(default_factory=asyncio.Event)
    _full: asyncio.Event = field(default_factory=asyncio.Event)

    async def add(self, letter: Letter) -> None:
        """Return when the letter is in the index."""
        waiting = _Waiting(letter, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._some.set()
        if len(self._waiting) >= self.most:
            self._full.set()
        await waiting.written

    async def write(self) -> None:
        """Write what is added, until cancelled."""
        while True:
            self.idle.set()
            await self._some.wait()
            await pause(GATHER_S, self._full)
            self.idle.clear()
            await self._write_patiently(self._take())

    def _take(self) -> list[_Waiting]:
        taken, room = 0, _MAX_BYTES
        while taken < len(self._waiting) and (not taken or room > 0):
            room -= len(self._waiting[taken].letter.body or b"")
            taken += 1
        batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        if not self._waiting:
            self._some.clear()
            self._full.clear()
        return batch

    async def _write_patiently(self, batch: list[_Waiting]) -> None:
        letters = [waiting.letter for waiting in batch]
        tries = 0
        while not await self._is_written(batch, letters):
            tries += 1
            if tries == _TRIES_IN_HAND:
                self.stuck.set()
            await asyncio.sleep(_RETRY_WAITS_S[min(tries, len(_RETRY_WAITS_S)) - 1])
        if tries:
            log.info("letters are indexed again", letters=len(batch))
        self.stuck.clear()

    async def _is_written(self, batch: list[_Waiting], letters: list[Letter]) -> bool:
        try:
            await self.index.add(letters)
        except Unavailable as away:
            log.warning("letters wait for the database", letters=len(letters), reason=str(away))
            return False
        except Exception as bug:  # noqa: BLE001 - one of them met a bug: each is taken alone, as a suspect
            _tell(batch, bug)
        else:
            _tell(batch, None)
        return True


def _tell(batch: list[_Waiting], bug: Exception | None) -> None:
    for waiting in batch:
        # Who gave up waiting has let go of the message: it comes again.
        if not waiting.written.done():
            waiting.written.set_exception(bug) if bug else waiting.written.set_result(None)
