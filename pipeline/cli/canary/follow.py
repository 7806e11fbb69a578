"""Sending one canary and listening for it, at the doors that are open to any program."""

import asyncio
import contextlib
from collections.abc import Callable

from pipeline.broker import Incoming, Session, tap
from pipeline.cli.canary.road import TYPE, Road
from pipeline.errors import Unavailable
from pipeline.pause import pause
from topology import names


async def follow(session: Session, road: Road, *, within_s: float, stopping: asyncio.Event | None = None) -> None:
    """Return when it is at its end, when its time is over, when the session is lost, or when told to stop."""
    services = sorted({leg.service for leg in road.legs.values()})
    over = asyncio.Event()

    def heard(hear: Callable[[Incoming], None]) -> Callable[[Incoming], None]:
        def told(message: Incoming) -> None:
            hear(message)
            if road.is_over:
                over.set()

        return told

    async with (
        tap(session, names.NORMALIZED, heard(road.understood), keys=[TYPE]) as hears_events,
        tap(
            session, names.OUTCOMES, heard(road.ended), keys=[f"*.{service}" for service in services]
        ) as hears_outcomes,
    ):
        road.begin()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await _sent(session, road)
                if not (road.is_over or road.trouble):
                    await pause(None, over, session.lost, *([stopping] if stopping else []))
        if road.is_over or road.trouble:
            return
        if session.lost.is_set():
            road.trouble = "the connection was lost on which it was followed"
        elif not (hears_events.is_set() and hears_outcomes.is_set()):
            road.trouble = f"nobody could listen to {names.NORMALIZED} or {names.OUTCOMES}: missing, or no right to it"


async def _sent(session: Session, road: Road) -> None:
    try:
        await session.publish(road.message())
    except Unavailable as away:
        road.trouble = str(away)
    else:
        road.confirmed()
