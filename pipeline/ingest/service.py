"""Ingest at work: take from `mih.ingest`, understand, claim, publish to `mih.normalized`."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog

from pipeline.broker import Incoming, Outgoing, Session, consume, rejected, run_sessions
from pipeline.errors import Unreadable
from pipeline.event import CONTENT_TYPE, Event
from pipeline.health.metrics import MESSAGES
from pipeline.ingest.arrival import understand
from pipeline.settings import Settings
from pipeline.shared_state import Claims, SharedState
from topology import names

STAGE = "ingest"

#: How long a claim by an event's own id is kept before the event went on: an ingest may be down for long until it comes
#: again. One by content alone is kept no longer than its window, for what is alike later is another event.
_IN_FLIGHT = timedelta(days=1)

_A_SECOND = timedelta(seconds=1)

_NORMALIZED, _REPEAT, _INVALID = (MESSAGES.labels(STAGE, became) for became in ("normalized", "repeat", "invalid"))

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ingest:
    """What taking one message needs."""

    session: Session
    claims: Claims
    settings: Settings

    async def take(self, message: Incoming) -> bool:
        """Carry one message of `mih.events` to `mih.normalized`, or, which is True, to `mih.invalid` with why."""
        try:
            arrival = understand(message, self.settings)
        except Unreadable as why:
            log.warning("unreadable", reason=str(why), routing_key=message.routing_key)
            await self.session.publish_patiently(rejected(message, names.INVALID_KEY, str(why)))
            _INVALID.inc()
            return True
        in_flight = _IN_FLIGHT if arrival.own_id else arrival.window
        claim = await self.claims.claim(arrival.identity, arrival.own_id or str(uuid4()), in_flight)
        if claim.is_done:
            log.info("repeat dropped", event_id=claim.id)
            _REPEAT.inc()
            return False
        event = arrival.event(claim.id)
        await self.session.publish_patiently(_normalized(event, published(message.timestamp, datetime.now(UTC))))
        await self.claims.done(arrival.identity, claim.id, arrival.window)
        _NORMALIZED.inc()
        log.debug("normalized", event_id=event.id, event_type=event.type)
        # To take it twice would not double it: the claim drops the second.
        return False


async def run_ingest(settings: Settings, shared: SharedState, *, stopping: asyncio.Event) -> None:
    """Run until `stopping`."""

    async def work(session: Session) -> None:
        ingest = Ingest(session, Claims(shared), settings)
        await consume(session, names.INGEST, ingest.take, stage=STAGE, prefetch=settings.prefetch, until=stopping)

    await run_sessions(settings.amqp_url, STAGE, work, stopping=stopping)


def published(said: datetime | None, now: datetime) -> datetime:
    """When it was published, at the latest: a timestamp of AMQP tells whole seconds, and where there is none, now.

    A CloudEvent's `time` is when it happened, which may have been long before anybody published it.
    """
    return min(said + _A_SECOND, now) if said and said < now else now


def _normalized(event: Event, at: datetime) -> Outgoing:
    headers: dict[str, str | int] = {
        names.HEADER_VERSION: 1,
        names.HEADER_EVENT_ID: event.id,
        names.HEADER_PUBLISHED: at.isoformat(),
    }
    return Outgoing(names.NORMALIZED, event.key, event.to_bytes(), CONTENT_TYPE, headers)
