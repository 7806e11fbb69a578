"""The names in the newest revision, for commands that need no more of the registry."""

import asyncio

from pipeline.registry import RevisionStore
from pipeline.settings import Settings


def slugs_in_force(settings: Settings) -> list[str]:
    """The services, sorted; none while nothing was applied.

    Raises Unavailable when the database is away.
    """
    return asyncio.run(_names(settings, "services"))


def rules_in_force(settings: Settings) -> list[str]:
    """The rules, sorted; none while nothing was applied.

    Raises Unavailable when the database is away.
    """
    return asyncio.run(_names(settings, "rules"))


async def _names(settings: Settings, section: str) -> list[str]:
    async with RevisionStore.open(settings.effective_database_url()) as store:
        number = await store.latest_number()
        return sorted((await store.load(number)).get(section) or {}) if number else []
