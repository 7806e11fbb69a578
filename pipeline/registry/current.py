"""The registry that a running process goes by: the newest one it could read, replaced while everything runs."""

import asyncio
from dataclasses import dataclass, field

import structlog

from pipeline.errors import Unavailable
from pipeline.pause import pause
from pipeline.registry.examine import Transports
from pipeline.registry.follow import follow
from pipeline.registry.registry import Registry
from pipeline.registry.store import RevisionStore

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class CurrentRegistry:
    """Holds the registry in force; `changed` is set whenever that is another, `nudge` asks to look at once."""

    store: RevisionStore
    transports: Transports
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _registry: Registry | None = None
    _loaded: asyncio.Event = field(default_factory=asyncio.Event)

    def get(self) -> Registry:
        """The registry in force.

        Raises Unavailable while there is none.
        """
        if self._registry is None:
            raise Unavailable("no registry yet: `mih apply FILE` puts one in force")
        return self._registry

    async def follow(self) -> None:
        """Follow the store for as long as it runs."""
        async for registry in follow(self.store, self.transports, nudge=self.nudge):
            self._registry = registry
            self._loaded.set()
            self.changed.set()
            log.info("registry in force", revision=registry.revision, services=len(registry.services))

    async def loaded(self, *unless: asyncio.Event) -> bool:
        """Wait for the first registry, or for one of these events; says whether there is a registry."""
        await pause(None, self._loaded, *unless)
        return self._loaded.is_set()
