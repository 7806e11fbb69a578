"""What a sender counts of its services; a series begins when there is something to count."""

from datetime import datetime
from functools import cache

from prometheus_client import Counter, Histogram

from pipeline.delivery import Delivery
from pipeline.health.metrics import ARRIVAL_SECONDS, ATTEMPT_SECONDS, ATTEMPTS, DEAD
from pipeline.outcome import Ending, Outcome


def count_attempt(slug: str, delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """Count an attempt that ended; of one that delivered, how long the event had been on its way."""
    _attempts(slug, outcome.ending).inc()
    _attempt_seconds(slug).observe(outcome.latency_ms / 1000)
    if outcome.ending is Ending.DELIVERED:
        # Another machine's clock may be ahead of this one's.
        way_s = max(0.0, (now - (delivery.published or delivery.first_seen)).total_seconds())
        _arrival_seconds(slug).observe(way_s)


def count_dead(slug: str) -> None:
    """Count one that became a dead letter."""
    DEAD.labels(slug).inc()


# Each attempt counts in three series; to find one by its labels costs as much as to count in it.
@cache
def _attempts(slug: str, ending: Ending) -> Counter:
    return ATTEMPTS.labels(slug, ending)


@cache
def _attempt_seconds(slug: str) -> Histogram:
    return ATTEMPT_SECONDS.labels(slug)


@cache
def _arrival_seconds(slug: str) -> Histogram:
    return ARRIVAL_SECONDS.labels(slug)
