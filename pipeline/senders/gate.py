"""The gate before a service: who of those in hand may start, and when.

Between the queue and the service stand, in this order:

1. The lane of retries. One at a time leaves it for the slots, so that first attempts and retries take turns however
   many retries wait. Where RETRIES wait in it already, a further one makes room: it goes back to the ladder for a
   while, longer each time, and what is behind it in the queue comes to the fore.
2. The slots: as many requests in flight as the service's share of this process.
3. The permit: breaker, rate and the fleet's window. Where it says "later", one of those in hand goes on asking and the
   others wait behind it.

Nothing waits here for long: what has no permit in time makes room too, with its attempt unchanged.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from pipeline.pause import pause
from pipeline.shared_state.permit import Answer, Known, Later, Open, Permit

#: Seconds that a message is held before its attempt: with one of two minutes it stays far below what may be held.
HOLD_S = 30.0
#: Retries that wait for their turn: enough for what the ladder hands out at once each second not to run dry before the
#: next, and few enough for a process that dies.
RETRIES = 64


@dataclass(frozen=True, slots=True)
class MakesRoom:
    """Not now: others come first, or there was no permit in time."""


Entry = Permit | Known | Open | MakesRoom
Ask = Callable[[], Awaitable[Answer | MakesRoom]]


def in_hand(slots: int) -> int:
    """Messages to take at once: those at work, as many first attempts that wait, and retries."""
    return 2 * slots + RETRIES


class Gate:
    """One per service and process; once it is `closing`, nobody waits at it any more."""

    def __init__(self, slots: int, closing: asyncio.Event) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._retries = 0
        self._lane = asyncio.Lock()
        self._asking = asyncio.Lock()
        self._ended = asyncio.Event()
        self._closing = closing
        self._waits: set[asyncio.Timeout] = set()

    def close(self) -> None:
        """Send away who waits, and whoever comes; who is inside ends in their own time."""
        self._closing.set()
        for wait in self._waits:
            if not wait.expired():
                wait.reschedule(0)

    @contextlib.asynccontextmanager
    async def entered(self, ask: Ask, *, is_retry: bool) -> AsyncIterator[Entry]:
        """Wait for a slot and a permit; what is given is held while inside."""
        if is_retry and self._retries >= RETRIES:
            yield MakesRoom()
            return
        until = monotonic() + HOLD_S
        if not await self._has_slot(is_retry=is_retry):
            yield MakesRoom()
            return
        try:
            yield await self._permit(ask, until)
        finally:
            self._slots.release()
            # Somebody's slot is free now, and perhaps the fleet's window has room.
            self._ended.set()

    async def _has_slot(self, *, is_retry: bool) -> bool:
        if not is_retry and not self._slots.locked():
            return await self._slots.acquire()
        try:
            async with asyncio.timeout(0 if self._closing.is_set() else HOLD_S) as wait:
                self._waits.add(wait)
                try:
                    # The lane is left with the slot: of the retries that have one, none waits for another's permit.
                    async with self._queued_as_retry() if is_retry else contextlib.nullcontext():
                        return await self._slots.acquire()
                finally:
                    self._waits.discard(wait)
        except TimeoutError:
            return False

    @contextlib.asynccontextmanager
    async def _queued_as_retry(self) -> AsyncIterator[None]:
        self._retries += 1
        try:
            async with self._lane:
                yield
        finally:
            self._retries -= 1

    async def _permit(self, ask: Ask, until: float) -> Entry:
        if self._closing.is_set():
            return MakesRoom()
        if not self._asking.locked() and not isinstance(answer := await ask(), Later):
            return answer
        async with self._asking:
            while not self._closing.is_set() and monotonic() < until:
                self._ended.clear()
                answer = await ask()
                if not isinstance(answer, Later):
                    return answer
                await pause(min(answer.wait_s, until - monotonic()), self._ended, self._closing)
        return MakesRoom()
