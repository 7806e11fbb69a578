"""The lines of one process: one per service of its transport, following registry, breakers and people's word."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from pipeline.attempt.guard import Guard
from pipeline.attempt.means import Means
from pipeline.attempt.permits import Permits
from pipeline.attempt.transports import KINDS, Transport
from pipeline.broker import Session, listen, run_sessions
from pipeline.errors import Misconfigured
from pipeline.health import condition
from pipeline.health.metrics import BREAKER, REVISION
from pipeline.pause import pause
from pipeline.registry import CurrentRegistry
from pipeline.registry.model import ServiceBase
from pipeline.senders.line import Line
from pipeline.senders.sender import STAGE
from pipeline.senders.served import Served
from pipeline.senders.shares import shares
from pipeline.senders.word import Word
from pipeline.settings import Settings
from pipeline.shared_state import SharedState
from pipeline.shared_state.permit import State

_LOOK_AGAIN_S = 30
#: Seconds between looks at the breakers: every sender knows of a transition within twice that.
_BREAKERS_EVERY_S = 0.4

_SHOWN = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Running:
    """One line at work."""

    line: Line
    task: asyncio.Task[None]


@dataclass(slots=True, eq=False)
class Fleet:
    """The services being served in one session."""

    session: Session
    permits: Permits
    word: Word
    means: Means
    kind: str
    bound: int
    running: dict[str, Running] = field(default_factory=dict)
    retiring: set[asyncio.Task[None]] = field(default_factory=set)
    #: What could not be opened.
    unserved: set[str] = field(default_factory=set)

    def follow(self, services: Mapping[str, ServiceBase]) -> None:
        """Retire what is gone or changed, start what is new or changed; the unchanged hear that something changed."""
        wanted = {slug: service for slug, service in services.items() if service.transport == self.kind}
        slots = shares({slug: service.concurrency for slug, service in wanted.items()}, self.bound)
        for slug, running in list(self.running.items()):
            if wanted.get(slug) == running.line.served.service and slots[slug] == running.line.slots:
                running.line.turn()
            else:
                self._retire(slug)
        self.unserved.clear()
        for slug in wanted.keys() - self.running.keys():
            self._start(slug, wanted[slug], slots[slug])

    def turn(self, slug: str) -> None:
        """Let a service's line look again what to do."""
        if slug in self.running:
            self.running[slug].line.turn()

    async def watch_breakers(self) -> None:
        """Tell the lines of their breakers, and the fleet that this sender is alive; until cancelled."""
        name = f"{socket.gethostname()}:{os.getpid()}"
        while True:
            await self.permits.alive(self.kind, name)
            lessons = {slug: running.line.lessons for slug, running in self.running.items()}
            for slug, standing in (await self.permits.states(lessons)).items():
                # What the line learnt from an attempt while this was asked is younger than the answer.
                if slug in self.running and self.running[slug].line.lessons == lessons[slug]:
                    self.running[slug].line.learn(standing.state)
                    BREAKER.labels(slug).set(_SHOWN[standing.state])
            await asyncio.sleep(_BREAKERS_EVERY_S)

    async def stop(self) -> None:
        """Stop consuming; what is in hand ends first."""
        for slug in list(self.running):
            self._retire(slug)
        await asyncio.gather(*self.retiring, return_exceptions=True)

    def _retire(self, slug: str) -> None:
        # Its attempts in hand end in their own time, beside those of its successor: nobody waits for them.
        running = self.running.pop(slug)
        BREAKER.remove(slug)
        running.line.retire()
        self.retiring.add(running.task)
        running.task.add_done_callback(self.retiring.discard)

    def _start(self, slug: str, service: ServiceBase, slots: int) -> None:
        try:
            transport = KINDS[self.kind].open(service, self.means)
        except Misconfigured as wrong:
            log.error("service not served: its deliveries wait", service=slug, reason=str(wrong))
            self.unserved.add(slug)
            return
        except Exception:
            # One service that cannot be opened must not take all others of this sender along.
            log.exception("service not served: its deliveries wait", service=slug)
            self.unserved.add(slug)
            return
        line = Line(self.session, Served.of(slug, service), slots, transport, self.permits, self.word)
        task = asyncio.create_task(_served(line, transport), name=f"serve {slug}")
        task.add_done_callback(self.failed)
        self.running[slug] = Running(line, task)

    def trouble(self) -> str:
        """What is not served, for whoever asks how this sender is."""
        return f"not served: {', '.join(sorted(self.unserved))}" if self.unserved else ""

    def failed(self, task: asyncio.Task[None]) -> None:
        """End the session where a task ended by a bug: no service may silently go unserved, and the next starts it."""
        if not task.cancelled() and task.exception():
            log.error("line failed", task=task.get_name(), exc_info=task.exception())
            self.session.lost.set()


async def _served(line: Line, transport: Transport) -> None:
    try:
        await line.run()
    finally:
        await transport.close()


async def _keep_following(
    fleet: Fleet, current: CurrentRegistry, stopping: asyncio.Event, fulfilled: Callable[[], None]
) -> None:
    await current.loaded(stopping, fleet.session.lost)
    watching = asyncio.create_task(fleet.watch_breakers(), name="watch breakers")
    watching.add_done_callback(fleet.failed)
    try:
        while not (stopping.is_set() or fleet.session.lost.is_set()):
            current.changed.clear()
            fleet.follow(current.get().services)
            REVISION.set(current.get().revision)
            fulfilled()
            # Again after a while: a secret that was missing may be there by then.
            await pause(_LOOK_AGAIN_S, current.changed, stopping, fleet.session.lost)
    finally:
        watching.cancel()


async def run_sender(
    settings: Settings, kind: str, current: CurrentRegistry, shared: SharedState, *, stopping: asyncio.Event
) -> None:
    """Run until `stopping`."""
    permits = Permits(shared, settings.repeat_window)

    async def work(session: Session) -> None:
        word = Word(current, session)
        means = Means(Guard(settings.allowed_networks), os.environ, shared)
        fleet = Fleet(session, permits, word, means, kind, settings.sender_concurrency)
        word.changed = fleet.turn
        with condition(lambda: "no registry yet") as fulfilled, condition(fleet.trouble, is_vital=False):
            async with listen(session, current.nudge):
                try:
                    await _keep_following(fleet, current, stopping, fulfilled)
                finally:
                    await fleet.stop()
                    await word.close()

    await run_sessions(settings.amqp_url, f"{STAGE} {kind}", work, stopping=stopping)
