"""Claims: who has seen an event already.

A claim is a string under the event's identity: `flight:<id>` from the moment ingest takes it, `done:<id>` after the
broker confirmed it onwards. Only `done` drops a repeat. `flight` passes, under the id of the claim, because its first
bearer may have died before the confirm; the deliveries of both then have the same ids, and a sender drops the second.
"""

from dataclasses import dataclass
from datetime import timedelta

from pipeline.shared_state.redis import SharedState
from pipeline.shared_state.trips import Script

_PREFIX = "mih:claim:"
_STATES = frozenset({"flight", "done"})

#: KEYS: the claim. ARGV: the id to claim it under, the window in ms. Answers what stands in the claim afterwards.
_CLAIM = """
local held = redis.call('GET', KEYS[1])
if held then return held end
redis.call('SET', KEYS[1], 'flight:' .. ARGV[1], 'PX', ARGV[2])
return 'flight:' .. ARGV[1]
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the claim says: the id the event goes by, and whether it went on already."""

    id: str
    is_done: bool = False


class Claims:
    """Claims in Redis: a round trip for each claim; that it is done travels with the next."""

    def __init__(self, state: SharedState) -> None:
        self._state = state
        self._claim = Script(state.trips, _CLAIM)

    async def claim(self, identity: str, event_id: str, window: timedelta) -> Claim:
        """Claim an identity under this id, or learn under which id it is claimed; passes when Redis is away."""

        async def ask() -> Claim:
            held: bytes = await self._claim([_PREFIX + identity], [event_id, _ms(window)])
            state, _, held_id = held.decode(errors="replace").partition(":")
            # What another version may have written in another shape claims nothing: an event passes, once too often.
            return Claim(held_id, is_done=state == "done") if state in _STATES else Claim(event_id)

        return await self._state.ask(ask, otherwise=Claim(event_id))

    async def done(self, identity: str, event_id: str, window: timedelta) -> None:
        """Say that the event went on: repeats within the window are dropped from now."""

        async def ask() -> None:
            key = _PREFIX + identity
            await self._state.trips.ask("SET", key, f"done:{event_id}", "PX", _ms(window), can_wait=True)

        await self._state.ask(ask, otherwise=None)


def _ms(window: timedelta) -> int:
    return max(1, round(window / timedelta(milliseconds=1)))
