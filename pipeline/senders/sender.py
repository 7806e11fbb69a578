"""A sender at work for one service: take a delivery, attempt it, judge, settle."""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import random
from time import monotonic

import structlog

from pipeline.attempt.ending import judge
from pipeline.attempt.retry import Done, what_follows
from pipeline.attempt.transports import Transport
from pipeline.broker import Incoming, Outgoing, Session, rejected
from pipeline.delivery import Delivery, read_delivery
from pipeline.errors import NotConfirmed, Unreadable
from pipeline.outcome import Outcome
from pipeline.registry.model import ServiceBase
from pipeline.senders.settle import messages_after
from pipeline.shared_state import Delivered

STAGE = "sender"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sender:
    """What taking one delivery to one service needs."""

    session: Session
    slug: str
    service: ServiceBase
    transport: Transport
    delivered: Delivered

    async def take(self, message: Incoming) -> None:
        """Carry one delivery to its service, to the ladder, or to the dead letters."""
        try:
            delivery = read_delivery(message.body, message.headers)
        except Unreadable as why:
            log.warning("unreadable", service=self.slug, reason=str(why))
            await self.session.publish_patiently(rejected(message, self.slug, str(why)))
            return
        if await self.delivered.knows(delivery.id):
            log.info("already delivered", **_ids(delivery))
            return
        await self.session.ready()
        outcome = await self._attempt(delivery)
        await self._settle(delivery, message.body, outcome)

    async def _attempt(self, delivery: Delivery) -> Outcome:
        started = monotonic()
        seen = await self.transport.attempt(delivery)
        return judge(seen, now=datetime.now(UTC), latency_ms=round((monotonic() - started) * 1000))

    async def _settle(self, delivery: Delivery, body: bytes, outcome: Outcome) -> None:
        now = datetime.now(UTC)
        follows = what_follows(
            outcome,
            attempt=delivery.attempt,
            age=now - delivery.first_seen,
            policy=self.service.retry,
            jitter=random(),  # noqa: S311 - spreads retries, guards nothing
        )
        if isinstance(follows, Done):
            await self.delivered.add(delivery.id)
        *onward, told = messages_after(delivery, body, outcome, follows, now)
        for message in onward:
            await self.session.publish_patiently(message)
        await self._tell(told, delivery)
        log.info(
            "attempted",
            **_ids(delivery),
            attempt=delivery.attempt,
            ending=outcome.ending.value,
            reason=outcome.reason,
            latency_ms=outcome.latency_ms,
            follows=type(follows).__name__.lower(),
        )

    async def _tell(self, outcome: Outgoing, delivery: Delivery) -> None:
        """Tell whoever listens; a listener whose queue is full must not make the service hear of it twice."""
        try:
            await self.session.publish(outcome)
        except NotConfirmed as refused:
            log.warning("outcome not told", reason=str(refused), **_ids(delivery))


def _ids(delivery: Delivery) -> dict[str, str]:
    return {
        "event_id": delivery.event.id,
        "delivery_id": delivery.id,
        "rule": delivery.rule,
        "service": delivery.service,
    }
