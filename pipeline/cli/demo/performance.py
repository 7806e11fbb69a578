"""The performance: the stages run, events are published, the end is awaited, and all of it is watched."""

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
from pipeline.cli.demo.publishing import publish
from pipeline.cli.demo.screen import Draw, drawing
from pipeline.cli.demo.services import SLUGS
from pipeline.cli.up import stages
from pipeline.embedded import supervise
from pipeline.errors import Unavailable
from topology import names

#: Seconds between two looks; half a minute for the stages to be there, a whole one for the last delivery to arrive.
_LOOK_EVERY_S = 0.2
_READY_LOOKS = 150
_SETTLED_LOOKS = 300
#: Eight pictures a second.
_DRAW_EVERY_S = 0.125


class Performance:
    """The stages at work, the events, and who watches."""

    def __init__(self, amqp_url: str, environment: Mapping[str, str], listener: Listener) -> None:
        self._amqp_url = amqp_url
        self._children = stages(environment)
        self._listener = listener
        self._seen = listener.evidence
        self._publications = programme(listener.source, until=datetime.now(UTC))

    async def watched(self, console: Console) -> Account:
        """Run the stages until all is settled; what they still had in hand when they were stopped counts too."""
        with drawing(console) as draw:
            drawn = asyncio.create_task(self._draw_on(draw), name="draw")
            try:
                async with self._stages():
                    await self._performed()
            except Unavailable as away:
                # Not the end: the account says what is missing.
                console.print(f"RabbitMQ is away: {away}", style="red", markup=False)
            finally:
                drawn.cancel()
            draw(self._account(), self._seen.latest)
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
        async with open_session(self._amqp_url, "demo") as session, self._listener.listening(session):
            await publish(session, self._listener.source, self._publications, self._seen)
            await self._settled()

    async def _ready(self) -> None:
        """Wait until somebody consumes every queue of the road, but not for ever: events can wait in the broker."""
        queues = (names.INGEST, names.ROUTER, *map(names.service_queue, SLUGS))
        for _ in range(_READY_LOOKS):
            if await asyncio.to_thread(are_consumed, self._amqp_url, queues):
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _settled(self) -> None:
        for _ in range(_SETTLED_LOOKS):
            if self._account().is_settled:
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _draw_on(self, draw: Draw) -> None:
        while True:
            draw(self._account(), self._seen.latest)
            await asyncio.sleep(_DRAW_EVERY_S)

    def _account(self) -> Account:
        return take_account(self._seen, planned=len(self._publications))
