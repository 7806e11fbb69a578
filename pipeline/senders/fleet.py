"""The senders of one process: one per service of its transport, following the registry while everything runs."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from pipeline.attempt.guard import Guard
from pipeline.attempt.transports import KINDS, Transport
from pipeline.broker import Session, consume, listen, run_sessions
from pipeline.errors import Misconfigured
from pipeline.pause import pause
from pipeline.registry import CurrentRegistry
from pipeline.registry.model import ServiceBase
from pipeline.senders.sender import STAGE, Sender
from pipeline.settings import Settings
from pipeline.shared_state import Delivered, SharedState
from topology import names

_LOOK_AGAIN_S = 30

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Running:
    """One service being consumed."""

    service: ServiceBase
    until: asyncio.Event
    task: asyncio.Task[None]


@dataclass(slots=True, eq=False)
class Fleet:
    """The services being consumed in one session."""

    session: Session
    delivered: Delivered
    guard: Guard
    kind: str
    running: dict[str, _Running] = field(default_factory=dict)
    retiring: set[asyncio.Task[None]] = field(default_factory=set)

    def follow(self, services: Mapping[str, ServiceBase]) -> None:
        """Retire what is gone or changed, start what is new or changed; the unchanged go on undisturbed."""
        wanted = {slug: service for slug, service in services.items() if service.transport == self.kind}
        for slug in [slug for slug, running in self.running.items() if wanted.get(slug) != running.service]:
            self._retire(slug)
        for slug in wanted.keys() - self.running.keys():
            self._start(slug, wanted[slug])

    async def stop(self) -> None:
        """Stop consuming; what is in hand ends first."""
        for slug in list(self.running):
            self._retire(slug)
        await asyncio.gather(*self.retiring, return_exceptions=True)

    def _retire(self, slug: str) -> None:
        # Its attempts in hand end in their own time, beside those of its successor: nobody waits for them.
        running = self.running.pop(slug)
        running.until.set()
        self.retiring.add(running.task)
        running.task.add_done_callback(self.retiring.discard)

    def _start(self, slug: str, service: ServiceBase) -> None:
        try:
            transport = KINDS[self.kind].open(service, self.guard, os.environ)
        except Misconfigured as wrong:
            log.error("service not served: its deliveries wait", service=slug, reason=str(wrong))
            return
        except Exception:
            # One service that cannot be opened must not take all others of this sender along.
            log.exception("service not served: its deliveries wait", service=slug)
            return
        until = asyncio.Event()
        task = asyncio.create_task(self._consume(slug, service, transport, until), name=f"consume {slug}")
        task.add_done_callback(self._ended)
        self.running[slug] = _Running(service, until, task)

    async def _consume(self, slug: str, service: ServiceBase, transport: Transport, until: asyncio.Event) -> None:
        sender = Sender(self.session, slug, service, transport, self.delivered)
        try:
            await consume(
                self.session,
                names.service_queue(slug),
                sender.take,
                stage=STAGE,
                prefetch=service.concurrency,
                until=until,
            )
        finally:
            await transport.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        # A service must not silently go unserved: what ended by a bug ends the session, and the next starts it again.
        if not task.cancelled() and task.exception():
            log.error("consumer failed", task=task.get_name(), exc_info=task.exception())
            self.session.lost.set()


async def _keep_following(fleet: Fleet, current: CurrentRegistry, stopping: asyncio.Event) -> None:
    await current.loaded(stopping, fleet.session.lost)
    while not (stopping.is_set() or fleet.session.lost.is_set()):
        current.changed.clear()
        fleet.follow(current.get().services)
        # Again after a while: a secret that was missing may be there by then.
        await pause(_LOOK_AGAIN_S, current.changed, stopping, fleet.session.lost)


async def run_sender(
    settings: Settings, kind: str, current: CurrentRegistry, shared: SharedState, *, stopping: asyncio.Event
) -> None:
    """Run until `stopping`."""

    async def work(session: Session) -> None:
        fleet = Fleet(session, Delivered(shared, settings.repeat_window), Guard(settings.allowed_networks), kind)
        async with listen(session, current.nudge):
            try:
                await _keep_following(fleet, current, stopping)
            finally:
                await fleet.stop()

    await run_sessions(settings.amqp_url, f"{STAGE} {kind}", work, stopping=stopping)
