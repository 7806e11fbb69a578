"""The registry that a role follows; apart from `stage.py`, for a role that follows none need not load what it takes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from pipeline.attempt.transports import SCHEMAS
from pipeline.registry import CurrentRegistry, InterventionStore, RevisionStore
from pipeline.settings import Settings


@contextlib.asynccontextmanager
async def followed_registry(settings: Settings) -> AsyncIterator[CurrentRegistry]:
    """Follow the registry while inside."""
    # In a group: should following fail by a bug, the role ends and is started again, and does not go on with old rules.
    url = settings.effective_database_url()
    async with RevisionStore.open(url) as store, InterventionStore.open(url) as words, asyncio.TaskGroup() as group:
        current = CurrentRegistry(store, words, SCHEMAS)
        following = group.create_task(current.follow(), name="follow the registry")
        yield current
        following.cancel()
