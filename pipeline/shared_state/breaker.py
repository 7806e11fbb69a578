"""Breaker, rate limit, window and memory of what was delivered: one question before an attempt, one report after it.

The decisions are Lua scripts, so that each is one step for the whole fleet and goes by one clock, that of Redis.
Nothing here falls back: what Redis raises is raised, for the caller to go on with the breaker of its own process.
"""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

import orjson

from pipeline.shared_state.permit import (
    FULL_WAIT_S,
    MAX_RESERVED_S,
    Answer,
    Burden,
    Judged,
    Known,
    Later,
    Open,
    Permit,
    Policy,
    Standing,
    State,
)
from pipeline.shared_state.redis import SharedState
from pipeline.shared_state.standings import LIGHT, MINUTE_MS, MINUTES, light_standing, standing
from pipeline.shared_state.standings import latency_below_ms as below
from pipeline.shared_state.trips import Script

_VERSION = "mih:breaker-version"
#: As in standing.lua.
_KEPT_MS = 7 * 24 * 3600 * 1000
#: Characters of an error that are kept.
_MOST_ERROR = 200
_LUA = files("pipeline.shared_state") / "lua"


class Breakers:
    """The breakers of all services in Redis; `now_ms` is for tests, without it the clock is that of Redis."""

    def __init__(self, state: SharedState) -> None:
        self._state = state
        self._permit = self._script("standing", "permit")
        self._report = self._script("standing", "report")
        self._release = self._script("standing", "release")
        self._reset = self._script("standing", "reset")
        self._senders = self._script("senders")

    async def permit(  # noqa: PLR0913 - all that the decision goes by
        self,
        slug: str,
        policy: Policy,
        delivery_key: str,
        token: str,
        *,
        is_probe: bool = False,
        ignore_breaker: bool = False,
        first_seen_ms: int | None = None,
        now_ms: int | None = None,
    ) -> Answer:
        """Whether an attempt may start; a probe that asks again under its token is granted again."""
        question = {
            "token": token,
            "is_probe": is_probe,
            "ignore_breaker": ignore_breaker,
            "first_seen_ms": first_seen_ms,
            "lease_ms": policy.lease_ms,
            "cooldown_ms": policy.cooldown_ms,
            "interval_us": policy.rate_interval_us,
            "most_reserved_us": round(MAX_RESERVED_S * 1_000_000),
            "now_ms": now_ms,
        }
        kind, *numbers = await self._permit([*_keys(slug), _delivered(delivery_key)], [_text(question)])
        return _answer(kind.decode(), numbers, token, is_forced=ignore_breaker)

    async def report(  # noqa: PLR0913 - each is one word of what happened
        self,
        slug: str,
        policy: Policy,
        permit: Permit,
        burden: Burden,
        *,
        delivery_key: str,
        remember_ms: int,
        error: str,
        latency_ms: int,
        now_ms: int | None = None,
    ) -> Judged:
        """Say how the attempt went; what was delivered is known by its key for `remember_ms`."""
        said = {
            "policy": policy,
            "permit": permit,
            "burden": burden,
            "remember_ms": remember_ms if burden.delivered and delivery_key else 0,
            "error": error[:_MOST_ERROR].encode(errors="replace").decode(),
            "latency_below_ms": below(latency_ms),
            "now_ms": now_ms,
        }
        keys = [*_keys(slug), _delivered(delivery_key), _latencies(slug)]
        counts, state, refusals = await self._report(keys, [_text(said)])
        return Judged(bool(counts), State(state.decode()), refusals)

    async def release(self, slug: str, token: str, *, now_ms: int | None = None) -> None:
        """Give back a permit that was not used; after a probe's, the next may start at once."""
        await self._release(_keys(slug), [_text({"token": token, "now_ms": now_ms})])

    async def reset(self, slug: str, *, now_ms: int | None = None) -> None:
        """Close the breaker and forget what was held against the service."""
        await self._reset(_keys(slug), [_text({"now_ms": now_ms})])

    async def drained(self, slug: str, at_ms: int) -> None:
        """Say that nothing waited for this service then: what waits later came later."""
        async with self._state.client.pipeline() as pipeline:
            pipeline.hset(_breaker(slug), "head_ms", at_ms)
            pipeline.pexpire(_breaker(slug), _KEPT_MS)
            await pipeline.execute()

    async def knows(self, delivery_key: str) -> bool:
        """Whether this delivery reached its service already."""
        return bool(await self._state.trips.ask("EXISTS", _delivered(delivery_key)))

    async def version(self) -> int:
        """A number that grows with every transition of any breaker."""
        return int(await self._state.client.get(_VERSION) or 0)

    async def states(self, slugs: Iterable[str]) -> Mapping[str, Standing]:
        """What followers go by, in one round trip: all of a standing but its statistics."""
        slugs = list(slugs)
        async with self._state.client.pipeline(transaction=False) as pipeline:
            for slug in slugs:
                pipeline.hmget(_breaker(slug), LIGHT)
            found = await pipeline.execute()
        return dict(zip(slugs, map(light_standing, found), strict=True))

    async def snapshot(self, slugs: Iterable[str], *, now_ms: int | None = None) -> Mapping[str, Standing]:
        """Everything that is known of these services, for `mih status`."""
        now_ms = await self._now_ms() if now_ms is None else now_ms
        return {slug: await self._standing(slug, now_ms) for slug in slugs}

    async def heartbeat(self, transport: str, name: str, *, now_ms: int | None = None) -> int:
        """Say that this sender is alive; how many are."""
        keys = [f"mih:senders:{transport}"]
        return int(await self._senders(keys, ["" if now_ms is None else now_ms, name]))

    async def senders(self, transport: str, *, now_ms: int | None = None) -> int:
        """How many senders of this transport were heard within the last seconds."""
        return int(await self._senders([f"mih:senders:{transport}"], ["" if now_ms is None else now_ms]))

    def _script(self, *names: str) -> Script:
        text = "\n".join((_LUA / f"{name}.lua").read_text() for name in names)
        return Script(self._state.trips, text)

    async def _standing(self, slug: str, now_ms: int) -> Standing:
        minute = now_ms // MINUTE_MS
        async with self._state.client.pipeline(transaction=False) as pipeline:
            pipeline.hgetall(_breaker(slug))
            pipeline.zcount(_flying(slug), f"({now_ms}", "+inf")
            for ago in range(MINUTES):
                pipeline.hgetall(f"{_latencies(slug)}{minute - ago}")
            breaker, flying, *latencies = await pipeline.execute()
        return standing(breaker, flying, latencies, now_ms)

    async def _now_ms(self) -> int:
        seconds, micros = await self._state.client.time()
        return int(seconds) * 1000 + int(micros) // 1000


def _text(question: Mapping[str, Any]) -> bytes:
    return orjson.dumps({name: value for name, value in question.items() if value is not None})


def _answer(kind: str, numbers: list[int], token: str, *, is_forced: bool) -> Answer:
    match kind, numbers:
        case "permit", [granted_ms, delay_us, is_probe]:
            return Permit(token, granted_ms, delay_us / 1_000_000, bool(is_probe), is_forced)
        case "open", [wait_ms]:
            return Open(wait_ms / 1000)
        case "later", [wait_us]:
            return Later(wait_us / 1_000_000)
        case "full", []:
            return Later(FULL_WAIT_S)
        case _:
            return Known()


def _keys(slug: str) -> list[str]:
    return [_breaker(slug), _flying(slug), f"mih:counts:{slug}", _VERSION]


def _breaker(slug: str) -> str:
    return f"mih:breaker:{slug}"


def _flying(slug: str) -> str:
    return f"mih:flying:{slug}"


def _latencies(slug: str) -> str:
    return f"mih:latency:{slug}:"


def _delivered(delivery_key: str) -> str:
    return f"mih:delivered:{delivery_key}"
