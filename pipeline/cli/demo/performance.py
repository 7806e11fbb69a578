"""The performance: the stages run, the story is told, and all of it is watched."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from rich.console import Console

from pipeline.broker import open_session
from pipeline.cli.demo.account import Account, take_account
from pipeline.cli.demo.broker import are_consumed
from pipeline.cli.demo.events import programme
from pipeline.cli.demo.listening import Listener
from pipeline.cli.demo.replaying import Replay
from pipeline.cli.demo.screen import Draw, drawing
from pipeline.cli.demo.services import TRANSPORTS, LocalServices
from pipeline.cli.demo.story import Story
from pipeline.cli.demo.watching import watching
from pipeline.cli.up import stages
from pipeline.embedded import supervise
from pipeline.errors import Unavailable
from pipeline.settings import Settings
from topology import names

#: Seconds between two looks; half a minute for the stages to be there.
_LOOK_EVERY_S = 0.2
_READY_LOOKS = 150
#: Eight pictures a second.
_DRAW_EVERY_S = 0.125


class Performance:
    """The stages at work, the story, and who watches."""

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        listener: Listener,
        services: LocalServices,
    ) -> None:
        self._settings = settings
        self._children = stages(environment)
        self._listener = listener
        self._seen = listener.evidence
        self._story = Story(
            source=listener.source,
            publications=programme(listener.source, until=datetime.now(UTC)),
            seen=self._seen,
            services=services,
            replay=Replay(environment, listener.log),
            account=self._account,
        )

    async def watched(self, console: Console) -> Account:
        """Run the stages until all is settled; what they still had in hand when they were stopped counts too."""
        with drawing(console) as draw:
            drawn = asyncio.create_task(self._draw_on(draw), name="draw")
            try:
                async with watching(self._settings, self._seen), self._stages():
                    await self._performed()
            except Unavailable as away:
                # Not the end: the account says what is missing.
                console.print(f"RabbitMQ is away: {away}", style="red", markup=False)
            finally:
                drawn.cancel()
            self._draw(draw)
        return self._account()

    @asynccontextmanager
    async def _stages(self) -> AsyncIterator[None]:
        """Run the stages while inside, and stop them in order at the end, after Ctrl-C too."""
        stopping = asyncio.Event()
        running = asyncio.create_task(supervise(self._children, stopping=stopping, announce=self._listener.said))
        try:
            yield
        finally:
            stopping.set()
            await running

    async def _performed(self) -> None:
        await self._ready()
        async with open_session(self._settings.amqp_url, "demo") as session, self._listener.listening(session):
            await self._story.tell(session)

    async def _ready(self) -> None:
        """Wait until somebody consumes every queue of the road, but not for ever: events can wait in the broker."""
        queues = (names.INGEST, names.ROUTER, names.DEAD, *map(names.service_queue, TRANSPORTS))
        for _ in range(_READY_LOOKS):
            if await asyncio.to_thread(are_consumed, self._settings.amqp_url, queues):
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _draw_on(self, draw: Draw) -> None:
        while True:
            self._draw(draw)
            await asyncio.sleep(_DRAW_EVERY_S)

    def _draw(self, draw: Draw) -> None:
        draw(self._account(), self._seen.latest, self._story.scene)

    def _account(self) -> Account:
        return take_account(self._seen, planned=len(self._story.publications))
