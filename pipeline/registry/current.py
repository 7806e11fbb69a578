"""The registry that a running process goes by, and what people said of it: the newest that it could read of both."""

import asyncio
from dataclasses import dataclass, field

import structlog

from pipeline.errors import Unavailable
from pipeline.pause import pause
from pipeline.registry.examine import Transports
from pipeline.registry.follow import follow
from pipeline.registry.interventions import Intervention, Interventions, InterventionStore
from pipeline.registry.registry import Registry
from pipeline.registry.store import RevisionStore

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class CurrentRegistry:
    """Holds what is in force; `changed` is set whenever that is another, `nudge` asks to look at once."""

    store: RevisionStore
    words: InterventionStore
    transports: Transports
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    #: What people said; nothing before the first look, which no registry comes before.
    interventions: Interventions = field(default_factory=Interventions)
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
        """Follow the stores for as long as it runs."""
        async for new in follow(self.store, self.words, self.transports, nudge=self.nudge):
            if isinstance(new, Registry):
                self._registry = new
                self._loaded.set()
                log.info("registry in force", revision=new.revision, services=len(new.services))
            else:
                self.interventions = new
                log.info("interventions in force", said=[f"{one.kind} {one.name}" for one in new])
            self.changed.set()

    async def intervene(self, intervention: Intervention) -> bool:
        """Write down what this process itself says, unless somebody spoke of the matter; gives whether it was written.

        Raises Unavailable.
        """
        is_new = await self.words.add(intervention)
        self.nudge.set()
        return is_new

    async def loaded(self, *unless: asyncio.Event) -> bool:
        """Wait for the first registry, or for one of these events; says whether there is a registry."""
        await pause(None, self._loaded, *unless)
        return self._loaded.is_set()
