"""Publishing the demo's events: each confirmed, slowly enough to be watched."""

import asyncio
from collections.abc import Iterable

from pipeline.broker import Outgoing, Session
from pipeline.cli.demo.events import Publication
from pipeline.cli.demo.evidence import Evidence
from topology import names

#: Seconds between two publications: some sixteen seconds for all of them.
_GAP_S = 0.05
#: How often, and after how many seconds, it is looked whether an event was understood.
_LOOKS = 150
_LOOK_EVERY_S = 0.2


async def publish(session: Session, source: str, publications: Iterable[Publication], seen: Evidence) -> None:
    """Publish in order, at a steady pace.

    Raises Unavailable when the broker is away.
    """
    headers = {names.HEADER_SOURCE: source}
    for publication in publications:
        if publication.event and publication.event in seen.published:
            await _understood(publication.event, seen)
        await session.publish(
            Outgoing(names.EVENTS, "demo", publication.body, publication.content_type, headers),
        )
        seen.published[publication.event] += 1
        await asyncio.sleep(_GAP_S)


async def _understood(event: str, seen: Evidence) -> None:
    """Wait until the first of two is through: while ingest has it in hand, the second passes as well."""
    for _ in range(_LOOKS):
        if event in seen.understood.values():
            return
        await asyncio.sleep(_LOOK_EVERY_S)
