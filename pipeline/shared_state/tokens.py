"""Access tokens that senders share: fetched by one of them, kept sealed until they expire.

What is kept is opaque here: its owners sealed it, and compare it as bytes. Fetching is leased, so that of all who find
none only one asks for one.
"""

from dataclasses import dataclass

from pipeline.shared_state.redis import SharedState
from pipeline.shared_state.trips import Script

_PREFIX = "mih:token:"

#: KEYS: the token, its lease. ARGV: the token that will not do, who asks, the lease in ms.
_TAKE = """
local kept = redis.call('GET', KEYS[1])
if kept and kept ~= ARGV[1] then return {kept, redis.call('PTTL', KEYS[1])} end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[2] then return {0} end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return {1}
"""

#: KEYS: the token, its lease. ARGV: who asked, the token or nothing, for how long in ms.
_SETTLE = """
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A token as it was sealed, and for how long it is still good."""

    sealed: bytes
    for_ms: int


@dataclass(frozen=True, slots=True)
class Fetch:
    """There is none: whoever asked must fetch it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """There is none, and somebody else fetches it."""


class Tokens:
    """Tokens in Redis; each call is one round trip."""

    def __init__(self, state: SharedState) -> None:
        self._state = state
        self._take = Script(state.trips, _TAKE)
        self._settle = Script(state.trips, _SETTLE)

    async def take(self, name: str, who: str, *, other_than: bytes, lease_ms: int) -> Kept | Fetch | Wait:
        """The token, or who fetches it; when Redis is away, everybody does."""

        async def ask() -> Kept | Fetch | Wait:
            match await self._take(_keys(name), [other_than, who, lease_ms]):
                case [bytes(sealed), for_ms]:
                    return Kept(sealed, for_ms)
                case [1]:
                    return Fetch()
                case _:
                    return Wait()

        return await self._state.ask(ask, otherwise=Fetch())

    async def settle(self, name: str, who: str, kept: Kept | None) -> None:
        """Keep what was fetched, if anything was, and let the next one fetch."""

        async def ask() -> None:
            await self._settle(_keys(name), [who, kept.sealed if kept else b"", kept.for_ms if kept else 0])

        await self._state.ask(ask, otherwise=None)


def _keys(name: str) -> list[str]:
    return [_PREFIX + name, f"{_PREFIX}{name}:lease"]
