"""Watching: what the hub itself knows of its services, kept as evidence: breakers, and the index of dead letters."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

from pipeline.cli.demo.evidence import Cause, Evidence
from pipeline.dead_index import DeadIndex, Group, Selection
from pipeline.errors import Unavailable
from pipeline.settings import Settings
from pipeline.shared_state import open_shared_state
from pipeline.shared_state.breaker import Breakers

#: Seconds between two looks; an open breaker stays so for longer, so none is missed.
_LOOK_EVERY_S = 0.25


@asynccontextmanager
async def watching(settings: Settings, seen: Evidence) -> AsyncIterator[None]:
    """Watch while inside; begins with closed breakers, and leaves none open: the Redis may be somebody's."""
    async with (
        open_shared_state(settings.redis_url, monotonic) as shared,
        DeadIndex.open(settings.effective_database_url()) as index,
    ):
        breakers = Breakers(shared)

        async def close_all() -> None:
            for slug in seen.services:
                await breakers.reset(slug)

        async def look_at_breakers() -> None:
            for slug, standing in (await breakers.states(seen.services)).items():
                seen.stand(slug, standing.state)

        async def look_on() -> None:
            while True:
                await shared.ask(look_at_breakers, otherwise=None)
                with suppress(Unavailable):
                    seen.causes = [_cause(group) for group in await index.groups(Selection())]
                await asyncio.sleep(_LOOK_EVERY_S)

        await shared.ask(close_all, otherwise=None)
        looking = asyncio.create_task(look_on(), name="watch the hub")
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
            await shared.ask(close_all, otherwise=None)


def _cause(group: Group) -> Cause:
    return Cause(group.place, group.reason, group.fingerprint, group.letters)
