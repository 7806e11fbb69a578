"""How long a delivery rests in the ladder that was not attempted; pure, with `jitter` in [0, 1) as argument."""

from math import ceil

#: Seconds: a retry that makes room comes back within so long the first time, and within twice as long each time more.
_ROOM_S = 4
_ROOM_LIMIT_S = 300
#: Seconds: over as long as the breaker's own wait, but no longer than this, is spread what it sends away.
_SPREAD_LIMIT_S = 15


def to_make_room(deferred: int, jitter: float) -> int:
    """Whole seconds for one that made room so often before.

    Spread over the whole time, so that the service never runs out of work while many make room for few.
    """
    return ceil(max(1.0, jitter * min(_ROOM_S * 2.0 ** min(deferred, 10), _ROOM_LIMIT_S)))


def while_open(wait_s: float, jitter: float) -> int:
    """Whole seconds for one that met an open breaker, whose next probe is so far ahead."""
    return max(1, ceil(wait_s + jitter * min(wait_s, _SPREAD_LIMIT_S)))
