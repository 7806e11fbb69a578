"""Listening in: what passes the broker and what the stages say, kept as evidence of the demo's own events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

import orjson

from pipeline.broker import Incoming, Session, tap
from pipeline.cli.demo.calls import call_of
from pipeline.cli.demo.events import name_of
from pipeline.cli.demo.evidence import Evidence
from pipeline.event import read_event
from pipeline.outcome import Ending
from pipeline.registry import Registry
from pipeline.rules import plan
from topology import names


@dataclass(frozen=True, slots=True)
class Listener:
    """Knows its own events by their source, and by the registry's rules what must become of them."""

    source: str
    registry: Registry
    evidence: Evidence
    log: IO[str]

    @asynccontextmanager
    async def listening(self, session: Session) -> AsyncIterator[None]:
        """Hear what ingest understood, how attempts ended, and what died, while inside."""
        async with (
            tap(session, names.NORMALIZED, self.understood),
            tap(session, names.OUTCOMES, self.attempted),
            tap(session, names.DLX, self.died),
        ):
            yield

    def understood(self, message: Incoming) -> None:
        """Keep an event that ingest understood, with the requests that the rules make of it."""
        event = read_event(message.body)
        if event.source != self.source:
            return
        if event.id in self.evidence.understood:
            self.evidence.again[event.id] += 1
            return
        planned = plan(event, self.registry.index, revision=self.registry.revision, now=datetime.now(UTC))
        self.evidence.understood[event.id] = name_of(event.type, event.time)
        self.evidence.wanted[event.id] = tuple(
            call_of(one, self.registry.services[one.service].transport) for one in planned
        )

    def attempted(self, message: Incoming) -> None:
        """Keep an attempt that failed and will be made again."""
        outcome = orjson.loads(message.body)
        if outcome["ending"] == Ending.MAY_PASS and not outcome["dead"]:
            self.evidence.failed[outcome["delivery"]] += 1

    def died(self, message: Incoming) -> None:
        """Keep what could not be read, and dead deliveries."""
        if message.routing_key == names.INVALID_KEY:
            self.evidence.unreadable += message.headers.get(names.HEADER_SOURCE) == self.source
        else:
            self.evidence.died.add(str(message.headers.get(names.HEADER_DELIVERY_ID)))

    def said(self, stage: str, line: str) -> None:
        """Keep a line of a stage's log: in the log, and where ingest says that it dropped a repeat, as evidence."""
        self.log.write(f"{stage} {line}\n")
        # Nothing is published when a repeat is dropped; the log is where it is told.
        if stage == "ingest" and '"repeat dropped"' in line:
            self.evidence.again[orjson.loads(line)["event_id"]] += 1
