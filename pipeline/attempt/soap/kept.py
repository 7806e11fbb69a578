"""A WSDL that is kept while it serves, looked at again now and then, and never lost to a look that fails."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from pipeline.attempt.soap.wsdl import Wsdl
from pipeline.errors import Unavailable

#: Seconds after which it is looked at again, behind the back of whoever uses it.
_AGE_S = 600.0
#: Seconds between two looks, however much there is to doubt.
_PAUSE_S = 60.0


class KeptWsdl:
    """What `look` gave last; it runs in a thread, and gives back what it is given where nothing changed."""

    def __init__(self, look: Callable[[Wsdl | None], Wsdl], clock: Callable[[], float] = monotonic) -> None:
        self._look = look
        self._clock = clock
        self._known: Wsdl | None = None
        self._looked_at = float("-inf")
        self._is_doubted = False
        self._looking: asyncio.Future[Wsdl] | None = None
        # Not one of the loop's: in those, names are looked up for which a look waits.
        self._thread: ThreadPoolExecutor | None = ThreadPoolExecutor(1, "wsdl")

    async def current(self) -> Wsdl:
        """The WSDL; the first to ask waits until it is loaded.

        Raises Unavailable.
        """
        if self._known is None:
            # Whoever gives up waiting leaves the look to the next one.
            return await asyncio.shield(self._start())
        if self._age_s() > (_PAUSE_S if self._is_doubted else _AGE_S):
            self._start()
        return self._known

    async def again(self) -> Wsdl:
        """The WSDL after another look, where the last one is not of this minute; the old one, if that fails."""
        known = await self.current()
        if self._age_s() <= _PAUSE_S and self._looking is None:
            return known
        await asyncio.wait([self._start()])
        return self._known or known

    def doubt(self) -> None:
        """Have it looked at again soon: the service answers as if it spoke another one."""
        self._is_doubted = True

    def close(self) -> None:
        """Let go of its thread; a look that goes on is nobody's concern."""
        if self._thread:
            self._thread.shutdown(wait=False)
        self._thread = None

    def _age_s(self) -> float:
        return self._clock() - self._looked_at

    def _start(self) -> asyncio.Future[Wsdl]:
        if self._thread is None:
            raise Unavailable("closed by this hub")
        if self._looking is None:
            self._looking = asyncio.get_running_loop().run_in_executor(self._thread, self._look, self._known)
            self._looking.add_done_callback(self._settle)
        return self._looking

    def _settle(self, looked: asyncio.Future[Wsdl]) -> None:
        self._looking, self._looked_at, self._is_doubted = None, self._clock(), False
        if not looked.cancelled() and looked.exception() is None:
            self._known = looked.result()
