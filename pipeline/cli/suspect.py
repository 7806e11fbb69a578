"""`mih suspect`: works, one at a time, what a stage took several times without an answer."""

import asyncio
import os
from dataclasses import dataclass

import typer

from pipeline.attempt.guard import Guard
from pipeline.attempt.means import Means
from pipeline.attempt.permits import Permits
from pipeline.attempt.transports import KINDS, Transport
from pipeline.broker import Incoming, Session, Take, moved, run_sessions, work_suspects
from pipeline.cli.followed import followed_registry
from pipeline.cli.queue_figures import tell_queues
from pipeline.cli.stage import Stage, run_stage
from pipeline.dead_index import DeadIndex
from pipeline.health import condition
from pipeline.health.metrics import REVISION
from pipeline.ingest import Ingest
from pipeline.recorder import recorder_of_suspects
from pipeline.registry import CurrentRegistry
from pipeline.registry.model import ServiceBase
from pipeline.router import Router
from pipeline.senders import Gate, Sender, Served, Word
from pipeline.shared_state import Claims, SharedState
from topology import names


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("suspect", rich_help_panel="Run")(suspect)


def suspect() -> None:
    """Run the suspect worker: one per hub; finds the message that kills its process and delivers its neighbours."""

    async def run(stage: Stage) -> None:
        database = stage.settings.effective_database_url()
        async with (
            followed_registry(stage.settings) as current,
            stage.shared() as shared,
            DeadIndex.open(database) as index,
        ):
            permits = Permits(shared, stage.settings.repeat_window)

            async def work(session: Session) -> None:
                telling = asyncio.create_task(tell_queues(session, current, shared), name="tell of queues")
                try:
                    await worked(session)
                finally:
                    telling.cancel()

            async def worked(session: Session) -> None:
                with condition(lambda: "no registry yet"):
                    if not await current.loaded(stage.stopping, session.lost):
                        return
                REVISION.set_function(lambda: current.get().revision)
                word = Word(current, session)
                suspects = _Suspects(stage, session, current, shared, index, permits, word)
                try:
                    await work_suspects(session, suspects.takes(), until=stage.stopping)
                finally:
                    await word.close()

            await run_sessions(stage.settings.amqp_url, "suspect", work, stopping=stage.stopping)

    run_stage("suspect", run)


@dataclass(frozen=True, slots=True)
class _Suspects:
    """Every stage's way of taking a message, in one process."""

    stage: Stage
    session: Session
    current: CurrentRegistry
    shared: SharedState
    index: DeadIndex
    permits: Permits
    word: Word

    def takes(self) -> dict[str, Take]:
        """By the stage whose suspect queue it works."""
        ingest = Ingest(self.session, Claims(self.shared), self.stage.settings)
        router = Router(self.session, self.current.get)
        recorder = recorder_of_suspects(self.session, self.index)
        return {"ingest": ingest.take, "router": router.take, "sender": self._send, "recorder": recorder.take}

    async def _send(self, message: Incoming) -> None:
        slug = str(message.headers.get(names.HEADER_SERVICE))
        service = self.current.get().services.get(slug)
        if service is None or self.word.rests(slug):
            # Its queue keeps it while it rests; where it was removed, this ends in mih.unroutable as all for it does.
            return await self.session.publish_patiently(moved(message, names.SERVICES, slug))
        kind = KINDS[service.transport]
        transport = kind.open(service, Means(Guard(self.stage.settings.allowed_networks), os.environ, self.shared))
        try:
            await self._sender(slug, service, transport).take(message)
        finally:
            await transport.close()

    def _sender(self, slug: str, service: ServiceBase, transport: Transport) -> Sender:
        gate = Gate(1, self.stage.stopping)
        return Sender(self.session, Served.of(slug, service), transport, self.permits, gate, self.word)
