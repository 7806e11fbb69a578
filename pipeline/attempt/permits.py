"""Permits of the whole fleet, kept in Redis; while Redis is away, this process's own, kept in memory.

A process that loses Redis begins with what it last saw there: a breaker that was open stays open. When Redis is back,
what memory knew is forgotten: the fleet's word counts.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from random import getrandbits
from time import time
from typing import TypedDict

import structlog

from pipeline.attempt.breaker import MemoryBreaker
from pipeline.shared_state import SharedState
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Answer, Burden, Judged, Permit, Policy, Standing

#: A look asks whether any breaker has changed; so many of them read all the same, for windows change without that.
_LOOKS_PER_READING = 10

log = structlog.get_logger()


def _wall_ms() -> int:
    return round(time() * 1000)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


class _Question(TypedDict):
    is_probe: bool
    ignore_breaker: bool
    first_seen_ms: int | None


class _Report(TypedDict):
    delivery_key: str
    remember_ms: int
    error: str
    latency_ms: int


class Permits:
    """What every attempt asks before it begins and reports to when it ended; never raises, never waits long."""

    def __init__(self, shared: SharedState, remember: timedelta, now_ms: Callable[[], int] = _wall_ms) -> None:
        self._shared = shared
        self._breakers = Breakers(shared)
        self._remember_ms = max(1, round(remember / timedelta(milliseconds=1)))
        self._now_ms = now_ms
        self._seen: Mapping[str, Standing] = {}
        #: Of the fleet's breakers when they were read, and looks at it so far.
        self._version, self._looks = -1, 0
        #: This process's own breakers; None while Redis answers.
        self._own: MemoryBreaker | None = None

    async def ask(  # noqa: PLR0913 - each is one word of the question
        self,
        slug: str,
        policy: Policy,
        *,
        key: str,
        first_seen: datetime | None = None,
        is_probe: bool = False,
        ignore_breaker: bool = False,
    ) -> Answer:
        """Whether a delivery of this key may be attempted now."""
        token = f"{getrandbits(128):032x}"  # guards nothing: no two may be alike
        seen_ms = _ms(first_seen) if first_seen else None
        how = _Question(is_probe=is_probe, ignore_breaker=ignore_breaker, first_seen_ms=seen_ms)
        answer: Answer | None = await self._shared.ask(
            lambda: self._breakers.permit(slug, policy, key, token, **how), otherwise=None
        )
        if answer is None:
            return self._memory().permit(slug, policy, key, token, **how, now_ms=self._now_ms())
        self._answered()
        return answer

    async def report(  # noqa: PLR0913 - each is one word of what happened
        self, slug: str, policy: Policy, permit: Permit, burden: Burden, *, key: str, error: str, latency_ms: int
    ) -> Judged:
        """Say how it went; learn whether the attempt counts."""
        what = _Report(delivery_key=key, remember_ms=self._remember_ms, error=error, latency_ms=latency_ms)
        judged: Judged | None = await self._shared.ask(
            lambda: self._breakers.report(slug, policy, permit, burden, **what), otherwise=None
        )
        if judged is None:
            return self._memory().report(slug, policy, permit, burden, **what, now_ms=self._now_ms())
        self._answered()
        return judged

    async def release(self, slug: str, permit: Permit) -> None:
        """Give back what was not used."""
        if not await self._shared.ask(lambda: self._released(slug, permit), otherwise=False):
            self._memory().release(slug, permit.token, now_ms=self._now_ms())

    async def states(self, slugs: Iterable[str]) -> Mapping[str, Standing]:
        """How the breakers of these services stand; their windows may be those of some looks ago."""
        slugs = list(slugs)
        seen: Mapping[str, Standing] | None = await self._shared.ask(lambda: self._looked(slugs), otherwise=None)
        if seen is None:
            return self._memory().states(slugs)
        self._answered()
        self._seen = seen
        return seen

    async def _looked(self, slugs: list[str]) -> Mapping[str, Standing]:
        version = await self._breakers.version()
        self._looks += 1
        if version == self._version and self._looks % _LOOKS_PER_READING and self._seen.keys() == set(slugs):
            return self._seen
        seen = await self._breakers.states(slugs)
        self._version = version
        return seen

    async def drained(self, slug: str, at: datetime) -> None:
        """Say that nothing waited for this service then."""
        await self._shared.ask(lambda: self._breakers.drained(slug, _ms(at)), otherwise=None)

    async def knows(self, key: str) -> bool:
        """Whether a delivery of this key reached its service already."""
        known: bool | None = await self._shared.ask(lambda: self._breakers.knows(key), otherwise=None)
        return self._memory().knows(key, now_ms=self._now_ms()) if known is None else known

    async def alive(self, transport: str, name: str) -> None:
        """Say that this sender is at work."""
        await self._shared.ask(lambda: self._breakers.heartbeat(transport, name), otherwise=None)

    async def _released(self, slug: str, permit: Permit) -> bool:
        await self._breakers.release(slug, permit.token)
        return True

    def _memory(self) -> MemoryBreaker:
        if self._own is None:
            log.warning("breakers and limits are this process's own until redis is back")
            self._own = MemoryBreaker.seeded(self._seen)
        return self._own

    def _answered(self) -> None:
        if self._own is not None:
            log.info("breakers and limits are the fleet's again")
            self._own = None
