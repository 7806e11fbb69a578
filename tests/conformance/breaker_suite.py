"""One service behind a breaker, shared or in memory, with a clock that a test moves."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from pipeline.attempt.breaker import MemoryBreaker
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Answer, Burden, Judged, Permit, Policy, Standing

START_MS = 1_700_000_000_000
DAY_MS = 24 * 3600 * 1000

GOOD = Burden(delivered=True)
BAD = Burden(fails=True)
STRAIN = Burden(strains=True)
REFUSAL = Burden(refuses=True)


@dataclass
class Guarded:
    """A service, as a sender sees it; each attempt is of another delivery unless a test says which."""

    breakers: Breakers | MemoryBreaker
    policy: Policy = field(default_factory=Policy)
    slug: str = "erp"
    now_ms: int = START_MS
    names: Iterator[int] = field(default_factory=count)

    def set(self, **policy: Any) -> None:
        self.policy = replace(self.policy, **policy)

    async def ask(
        self, *, key: str | None = None, token: str | None = None, is_probe: bool = False, ignore_breaker: bool = False
    ) -> Answer:
        name = f"n{next(self.names)}"
        answer = self.breakers.permit(
            self.slug,
            self.policy,
            name if key is None else key,
            token or name,
            is_probe=is_probe,
            ignore_breaker=ignore_breaker,
            now_ms=self.now_ms,
        )
        return await answer if inspect.isawaitable(answer) else answer

    async def permit(self, **asked: Any) -> Permit:
        answer = await self.ask(**asked)
        assert isinstance(answer, Permit), answer
        return answer

    async def probe(self) -> Permit:
        permit = await self.permit(is_probe=True)
        assert permit.is_probe
        return permit

    async def say(self, permit: Permit, burden: Burden, key: str = "") -> Judged:
        judged = self.breakers.report(
            self.slug,
            self.policy,
            permit,
            burden,
            delivery_key=key,
            remember_ms=DAY_MS,
            error="it failed" if burden.fails else "",
            latency_ms=5,
            now_ms=self.now_ms,
        )
        return await judged if inspect.isawaitable(judged) else judged

    async def attempt(self, burden: Burden) -> Judged:
        return await self.say(await self.permit(), burden)

    async def release(self, token: str) -> None:
        released = self.breakers.release(self.slug, token, now_ms=self.now_ms)
        if inspect.isawaitable(released):
            await released

    async def reset(self) -> None:
        done = self.breakers.reset(self.slug, now_ms=self.now_ms)
        if inspect.isawaitable(done):
            await done

    async def standing(self) -> Standing:
        states = self.breakers.states([self.slug])
        return (await states if inspect.isawaitable(states) else states)[self.slug]

    async def open(self) -> None:
        """Let it fail until its breaker opens; its next probe may start after the cooldown."""
        for _ in range(self.policy.failures):
            await self.attempt(BAD)

    async def recover(self) -> None:
        """Through an outage: closed again, with one request in flight."""
        await self.open()
        self.now_ms += self.policy.cooldown_ms
        await self.say(await self.probe(), GOOD)


async def grow(service: Guarded, rounds: int) -> list[int | None]:
    """The window after each of so many clean rounds."""
    windows: list[int | None] = []
    for _ in range(rounds):
        for _ in range((await service.standing()).window or 1):
            await service.say(await service.permit(), GOOD)
        windows.append((await service.standing()).window)
    return windows
