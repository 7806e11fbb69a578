"""What waits in the hub's queues, for a monitor: told by the suspect worker, which a hub has once.

However often and from however many processes figures are read, RabbitMQ is asked once in a while by this one.
"""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
from prometheus_client import Gauge

from pipeline.broker import Session
from pipeline.broker.depths import depths
from pipeline.cli.status.read import oldest_s, watched
from pipeline.errors import Unavailable
from pipeline.health.metrics import QUEUE_CONSUMERS, QUEUE_OLDEST, QUEUE_READY, QUEUES_SEEN_AT
from pipeline.pause import pause
from pipeline.registry import CurrentRegistry
from pipeline.shared_state import Breakers, SharedState
from pipeline.shared_state.permit import Standing
from topology import names
from topology.depth import Depth

#: Seconds between looks.
LOOK_EVERY_S = 15.0

log = structlog.get_logger()


async def tell_queues(session: Session, current: CurrentRegistry, shared: SharedState) -> None:
    """Look again and again until the session's end; what cannot be known is not told."""
    told, unknown = _Told(), ""
    try:
        while not session.lost.is_set():
            before, unknown = unknown, await _looked(session, current, shared, told)
            if unknown and not before:
                log.warning("what waits in queues is not known", reason=unknown)
            await pause(LOOK_EVERY_S, session.lost)
    except Exception:
        # Suspects are worked all the same.
        log.exception("what waits in queues is told no more")
    finally:
        told.tell({}, {})


async def _looked(session: Session, current: CurrentRegistry, shared: SharedState, told: "_Told") -> str:
    """Look once; gives why that cannot be done, or nothing."""
    try:
        await _look(session, current, shared, told)
    except Unavailable as away:
        told.tell({}, {})
        return str(away)
    return ""


async def _look(session: Session, current: CurrentRegistry, shared: SharedState, told: "_Told") -> None:
    slugs = _slugs(current)
    found = await depths(session, watched(slugs))
    breakers, now = Breakers(shared), datetime.now(UTC)
    nothing: Mapping[str, Standing] = {}
    standings = await shared.ask(lambda: breakers.snapshot(slugs), otherwise=nothing)
    ages = {slug: oldest_s(one, _ready(found, slug), now) for slug, one in standings.items()}
    told.tell(found, {slug: age for slug, age in ages.items() if age is not None})
    QUEUES_SEEN_AT.set_to_current_time()


def _slugs(current: CurrentRegistry) -> list[str]:
    with contextlib.suppress(Unavailable):
        return sorted(current.get().services)
    return []


def _ready(found: Mapping[str, Depth], slug: str) -> int:
    depth = found.get(names.service_queue(slug))
    return depth.ready if depth else 0


class _Told:
    """Sets the gauges, and takes back what was told and is so no more."""

    def __init__(self) -> None:
        self._labels: dict[Gauge, set[str]] = {}

    def tell(self, found: Mapping[str, Depth], ages: Mapping[str, float]) -> None:
        self._set(QUEUE_READY, {queue: depth.ready for queue, depth in found.items()})
        self._set(QUEUE_CONSUMERS, {queue: depth.consumers for queue, depth in found.items()})
        self._set(QUEUE_OLDEST, ages)

    def _set(self, gauge: Gauge, figures: Mapping[str, float]) -> None:
        for label, figure in figures.items():
            gauge.labels(label).set(figure)
        for label in self._labels.get(gauge, set()) - figures.keys():
            gauge.remove(label)
        self._labels[gauge] = set(figures)
