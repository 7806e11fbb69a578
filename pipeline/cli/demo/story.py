"""The story in three acts; each publishes its part of the events, and ends when what it is about has been seen.

flows                every service takes what it is sent
fails, recovers      the chat answers 503 to everything for some eight seconds: its breaker opens, the others go on;
                     once it is well a probe closes the breaker, and all that waited is delivered: nothing dies
refuses, replays     the student records refuse every call with a SOAP fault, Client: dead letters, which are replayed
                     once the records are mended
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pipeline.broker import Session
from pipeline.cli.demo.account import Account
from pipeline.cli.demo.events import Publication
from pipeline.cli.demo.evidence import Evidence
from pipeline.cli.demo.publishing import publish
from pipeline.cli.demo.scene import Scene
from pipeline.cli.demo.services import CHAT, SIS, LocalServices

#: Seconds between two looks, and looks after which the story goes on: the account will say what is missing.
_LOOK_EVERY_S = 0.1
_LOOKS = 300


def acts(publications: Sequence[Publication]) -> tuple[Sequence[Publication], ...]:
    """What each of the three acts publishes: a quarter, a half, a quarter."""
    quarter = len(publications) // 4
    return publications[:quarter], publications[quarter : 3 * quarter], publications[3 * quarter :]


@dataclass(slots=True, eq=False)
class Story:
    """Who takes part."""

    source: str
    publications: Sequence[Publication]
    seen: Evidence
    services: LocalServices
    replay: Callable[[str], Awaitable[None]]
    account: Callable[[], Account]
    scene: Scene = Scene.STARTS

    async def tell(self, session: Session) -> None:
        """Let it happen, until all is settled.

        Raises Unavailable when the broker is away.
        """
        first, second, third = acts(self.publications)
        self.scene = Scene.FLOWS
        await publish(session, self.source, first, self.seen)
        await self._chat_fails(session, second)
        await self._records_refuse(session, third)

    async def _chat_fails(self, session: Session, publications: Sequence[Publication]) -> None:
        self.scene, self.services.chat.is_down = Scene.FAILS, True
        await publish(session, self.source, publications, self.seen)
        await self._until(lambda: self.account().of(CHAT).opened > 0)
        self.scene, self.services.chat.is_down = Scene.RECOVERS, False
        await self._until(lambda: self.account().of(CHAT).is_well)

    async def _records_refuse(self, session: Session, publications: Sequence[Publication]) -> None:
        self.scene, self.services.sis.refuses = Scene.REFUSES, True
        await publish(session, self.source, publications, self.seen)
        await self._until(lambda: self.account().is_settled and self.account().is_indexed)
        self.scene, self.services.sis.refuses = Scene.REPLAYS, False
        await self.replay(SIS)
        await self._until(lambda: self.account().is_settled and self.account().is_replayed)

    async def _until(self, holds: Callable[[], bool]) -> None:
        for _ in range(_LOOKS):
            if holds():
                return
            await asyncio.sleep(_LOOK_EVERY_S)
