"""The services of the newest revision, for commands that need no more of the registry than their names."""

import asyncio

from pipeline.registry import RevisionStore
from pipeline.settings import Settings


def slugs_in_force(settings: Settings) -> list[str]:
    """Sorted; none while nothing was applied.

    Raises Unavailable when the database is away.
    """

    async def slugs() -> list[str]:
        async with RevisionStore.open(settings.effective_database_url()) as store:
            number = await store.latest_number()
            return sorted((await store.load(number)).get("services") or {}) if number else []

    return asyncio.run(slugs())
