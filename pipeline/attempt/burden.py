"""What an attempt says of its service's health, for the breaker and the limit of requests in flight; pure."""

from pipeline.outcome import Ending, Outcome
from pipeline.shared_state.permit import Burden

#: "Too many requests": the service is well, and we are too fast.
_TOO_MANY = 429
#: "Service unavailable", which overload answers too.
_OVERLOADED = 503


def burden_of(outcome: Outcome, *, latency_ms: int, slow_ms: int | None, slow_calls: bool) -> Burden:
    """Weigh an attempt; `slow_ms` is what an answer may take, `slow_calls` whether a slower one is a failure."""
    is_slow = slow_ms is not None and latency_ms > slow_ms
    has_failed = outcome.ending is Ending.MAY_PASS and outcome.status != _TOO_MANY
    return Burden(
        fails=has_failed or (is_slow and slow_calls),
        strains=is_slow or outcome.timed_out or outcome.status in {_TOO_MANY, _OVERLOADED},
        refuses=outcome.ending is Ending.FORBIDDEN,
        delivered=outcome.ending is Ending.DELIVERED,
    )
