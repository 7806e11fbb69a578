"""The canary as a role: one after the other, until told to stop, with what became of them for a monitor."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

import structlog

from pipeline.broker import Session, run_sessions
from pipeline.cli.canary.follow import follow
from pipeline.cli.canary.road import Became, Road, planned_road
from pipeline.cli.followed import followed_registry
from pipeline.cli.stage import Stage
from pipeline.health import condition
from pipeline.health.metrics import CANARIES, CANARY_ARRIVED_AT, CANARY_SECONDS, REVISION
from pipeline.pause import pause
from pipeline.registry import CurrentRegistry

#: So many in a row that did not arrive make the role unready.
MOST_MISSED = 3

log = structlog.get_logger()


@dataclass(slots=True)
class Tally:
    """How the last ones fared."""

    #: In a row; one of which nothing is known counts neither way.
    missed: int = 0
    arrived_at: datetime | None = None

    def count(self, road: Road) -> None:
        """Count one that is over."""
        became = road.became
        CANARIES.labels(became).inc()
        if became is Became.ARRIVED:
            self.missed, self.arrived_at = 0, datetime.now(UTC)
            CANARY_ARRIVED_AT.set(self.arrived_at.timestamp())
            CANARY_SECONDS.observe(road.seconds)
        elif became is not Became.UNKNOWN:
            self.missed += 1

    def trouble(self) -> str:
        """Give the condition of the role."""
        if self.missed < MOST_MISSED:
            return ""
        last = f"{self.arrived_at:%Y-%m-%d %H:%M:%S} UTC" if self.arrived_at else "never"
        return f"{self.missed} canaries in a row did not arrive; the last that did: {last}"


async def run_canary(stage: Stage, *, every_s: float, within_s: float) -> None:
    """Send one every so many seconds, or as soon as the one before is over."""
    async with followed_registry(stage.settings) as current:
        with _tallied() as tally:

            async def work(session: Session) -> None:
                with condition(lambda: "no registry yet"):
                    # Without one a canary has no services to arrive at, and all would seem well.
                    if not await current.loaded(stage.stopping, session.lost):
                        return
                while not (stage.stopping.is_set() or session.lost.is_set()):
                    due = monotonic() + every_s
                    await _one(session, current, tally, stage.stopping, within_s)
                    await pause(max(0.0, due - monotonic()), stage.stopping, session.lost)

            await run_sessions(stage.settings.amqp_url, "canary", work, stopping=stage.stopping)


@contextmanager
def _tallied() -> Iterator[Tally]:
    tally = Tally()
    for became in Became:
        # A figure that only comes with the first loss is one that no alarm can compare.
        CANARIES.labels(became)
    with condition(tally.trouble):
        yield tally


async def _one(
    session: Session, current: CurrentRegistry, tally: Tally, stopping: asyncio.Event, within_s: float
) -> None:
    registry = current.get()
    REVISION.set(registry.revision)
    road = planned_road(registry)
    await follow(session, road, within_s=within_s, stopping=stopping)
    if stopping.is_set() and not road.is_over:
        return
    tally.count(road)
    say = log.info if road.became is Became.ARRIVED else log.warning
    say("canary", became=road.became.value, seconds=round(road.seconds, 4), event_id=road.event.id, **_why(road))


def _why(road: Road) -> dict[str, str]:
    reason = "; ".join(road.missing())
    return {"reason": reason} if reason else {}
