"""The word of people, and of this process until everybody has it: what a service and a rule may do now."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from pipeline.broker import Session
from pipeline.errors import NotConfirmed, Unavailable
from pipeline.registry import CurrentRegistry
from pipeline.registry.interventions import Intervention, Interventions, Kind
from pipeline.senders.settle import alarm_of_pause

#: Who pauses a service that refuses our credentials, or is no more.
HUB = "mih"
#: Seconds between tries to write down a pause while the database is away.
_WRITE_AGAIN_S = 2.0
#: Looks for a word that was written, and seconds between them: it is read within a second or two.
_LOOKS, _LOOK_EVERY_S = 30, 0.1

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Word:
    """Interventions in force, and those this process decided that are not yet written down."""

    current: CurrentRegistry
    #: Where it is announced that this process paused a service.
    session: Session
    #: Called when this process pauses a service, and when that is everybody's word or nobody's.
    changed: Callable[[str], None] = lambda _: None
    _own: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def all(self) -> Interventions:
        """What people said."""
        return self.current.interventions

    def rests(self, slug: str) -> bool:
        """Whether a service must be left alone."""
        return slug in self._own or self.all.paused(slug) is not None or self.all.breaker(slug) == "open"

    def pause(self, slug: str, why: str) -> None:
        """Pause a service, here at once and everywhere as soon as it is written down."""
        if slug not in self._own:
            self._own[slug] = asyncio.create_task(self._write(slug, why), name=f"pause {slug}")
            self.changed(slug)

    async def close(self) -> None:
        """Stop writing; what is not written is decided again by whoever meets the service next."""
        for task in self._own.values():
            task.cancel()
        await asyncio.gather(*self._own.values(), return_exceptions=True)

    async def _write(self, slug: str, why: str) -> None:
        try:
            await self._write_patiently(Intervention(Kind.PAUSED, slug, who=HUB, why=why, at=datetime.now(UTC)))
            for _ in range(_LOOKS):
                if self.all.paused(slug):
                    return
                await asyncio.sleep(_LOOK_EVERY_S)
        finally:
            del self._own[slug]
            self.changed(slug)

    async def _write_patiently(self, word: Intervention) -> None:
        while True:
            try:
                is_new = await self.current.intervene(word)
            except Unavailable as away:
                log.warning("pause not written down yet", service=word.name, reason=str(away))
                await asyncio.sleep(_WRITE_AGAIN_S)
            else:
                return await self._raise_alarm(word) if is_new else None

    async def _raise_alarm(self, word: Intervention) -> None:
        """Tell whoever listens, once in the fleet; the word itself is in force already."""
        log.error("service paused", service=word.name, reason=word.why, hint=f"mih resume {word.name}")
        with contextlib.suppress(Unavailable, NotConfirmed):
            await self.session.publish(alarm_of_pause(word.name, who=word.who, why=word.why, at=word.at))
