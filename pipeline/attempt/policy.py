"""What a service's section means for its permits; pure."""

from datetime import timedelta

from pipeline.registry.model import ServiceBase
from pipeline.shared_state.permit import MAX_RESERVED_S, Policy

_MS = timedelta(milliseconds=1)
#: What an attempt may take beside its timeout until it is settled: its slot's wait, and some time for a busy process.
_MARGIN = timedelta(seconds=10 + MAX_RESERVED_S)


def policy_of(service: ServiceBase) -> Policy:
    """The breaker and the limits of a service as Redis and memory count them."""
    breaker, rate = service.breaker, service.rate_limit
    return Policy(
        mode=breaker.mode,
        failures=breaker.failures,
        ratio=breaker.ratio,
        window_ms=breaker.window // _MS,
        minimum=breaker.minimum,
        cooldown_ms=breaker.cooldown // _MS,
        lease_ms=(service.timeout + _MARGIN) // _MS,
        rate_interval_us=rate.interval // timedelta(microseconds=1) if rate else 0,
    )
