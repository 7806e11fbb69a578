"""What Redis holds of a service, read into a standing; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil, log2

from pipeline.shared_state.permit import Standing, State

MINUTE_MS = 60_000
#: So many minutes of latencies make a standing's histogram: the last five whole ones at least.
MINUTES = 6
#: What followers go by.
LIGHT = ("state", "since_ms", "probe_at_ms", "failures", "window")
#: Upper bounds of latencies grow by 2 to the power of 1/4.
_BOUNDS_PER_DOUBLING = 4


def latency_below_ms(latency_ms: int) -> int:
    """The upper bound, itself included, under which this latency is counted."""
    step = ceil(_BOUNDS_PER_DOUBLING * log2(max(1, latency_ms)))
    return int(2 ** (step / _BOUNDS_PER_DOUBLING))


def light_standing(values: Sequence[bytes | None]) -> Standing:
    """The standing that the fields LIGHT tell."""
    state, since_ms, next_probe_ms, failures, window = values
    return Standing(
        state=State(state.decode()) if state else State.CLOSED,
        since_ms=_number(since_ms),
        next_probe_ms=_number(next_probe_ms),
        failures=_number(failures) or 0,
        window=_number(window),
    )


def standing(
    breaker: Mapping[bytes, bytes], flying: int, latencies: Sequence[Mapping[bytes, bytes]], now_ms: int
) -> Standing:
    """The whole standing; latencies are those of this minute and of the ones before, newest first."""
    light = light_standing([breaker.get(name.encode()) for name in LIGHT])
    counted = [{int(below): int(count) for below, count in minute.items()} for minute in latencies]
    return Standing(
        state=light.state,
        since_ms=light.since_ms,
        next_probe_ms=light.next_probe_ms,
        failures=light.failures,
        window=light.window,
        flying=flying,
        last_error=breaker.get(b"last_error", b"").decode(),
        last_error_ms=_number(breaker.get(b"last_error_ms")),
        head_ms=_number(breaker.get(b"head_ms")),
        latencies=dict(sum(map(Counter, counted), Counter[int]())),
        rate=_rate([sum(minute.values()) for minute in counted], now_ms),
    )


def _rate(answers: Sequence[int], now_ms: int) -> float:
    """Per second over the last minute, as if those of the minute before had come evenly."""
    this, before, *_ = answers
    part_of_before = 1 - now_ms % MINUTE_MS / MINUTE_MS
    return (this + before * part_of_before) * 1000 / MINUTE_MS


def _number(value: bytes | None) -> int | None:
    return None if value is None else int(value)
