"""A sender at work for one service: take a delivery, ask for a permit, attempt it, judge, settle."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import random
from time import monotonic

import structlog

from pipeline.attempt.burden import burden_of
from pipeline.attempt.ending import Seen, Unsendable, judge
from pipeline.attempt.permits import Permits
from pipeline.attempt.retry import Dead, what_follows
from pipeline.attempt.transports import Transport
from pipeline.broker import Incoming, Outgoing, Session, rejected
from pipeline.delivery import Delivery, read_delivery
from pipeline.errors import NotConfirmed, Unreadable
from pipeline.outcome import Ending, Outcome
from pipeline.senders.deferral import to_make_room, while_open
from pipeline.senders.figures import count_attempt, count_dead
from pipeline.senders.gate import Entry, Gate, MakesRoom
from pipeline.senders.served import Served
from pipeline.senders.settle import messages_after, on_the_ladder, stopped
from pipeline.senders.word import Word
from pipeline.shared_state.permit import Answer, Judged, Known, Open, Permit, State

STAGE = "sender"
#: So many refusals of our credentials in a row pause a service.
REFUSALS = 3

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sender:
    """What taking deliveries to one service needs."""

    session: Session
    served: Served
    transport: Transport
    permits: Permits
    gate: Gate
    word: Word
    #: Told of the breaker's state whenever an answer shows it.
    learn: Callable[[State], None] = lambda _: None

    async def take(self, message: Incoming) -> bool:
        """Carry one delivery to its service, or else, which is True, to the ladder or the dead letters."""
        delivery = await self._read(message)
        if delivery is None or await self._is_stopped(delivery, message.body):
            return True
        async with self.gate.entered(lambda: self._ask(delivery), is_retry=delivery.attempt > 1) as entry:
            ended = await self._attempt(delivery, entry) if isinstance(entry, Permit) else None
        if ended:
            return await self._settle(delivery, message.body, *ended)
        return await self._put_off(delivery, message.body, entry)

    async def probe(self, message: Incoming, permit: Permit) -> bool:
        """Carry one delivery while the breaker is open; whether the permit was used."""
        delivery = await self._read(message)
        if delivery is None or await self._is_stopped(delivery, message.body):
            return False
        if await self.permits.knows(delivery.key):
            log.info("already delivered", **_ids(delivery))
            return False
        await self._settle(delivery, message.body, *await self._attempt(delivery, permit))
        return True

    async def _read(self, message: Incoming) -> Delivery | None:
        try:
            return read_delivery(message.body, message.headers)
        except Unreadable as why:
            log.warning("unreadable", service=self.served.slug, reason=str(why))
            await self.session.publish_patiently(rejected(message, self.served.slug, str(why)))
            return None

    async def _is_stopped(self, delivery: Delivery, body: bytes) -> bool:
        said = self.word.all.stopped(delivery.rule)
        if said:
            reason = f"rule {delivery.rule} is stopped by {said.who}: {said.why}"
            await self.session.publish_patiently(stopped(delivery, body, reason, datetime.now(UTC)))
            count_dead(self.served.slug)
            log.info("rule stopped", **_ids(delivery))
        return said is not None

    async def _ask(self, delivery: Delivery) -> Answer | MakesRoom:
        # While the broker blocks publishers nothing could be settled, so no attempt begins.
        await self.session.ready()
        if self.word.all.stopped(delivery.rule):
            # Said while it waited: it dies when it comes back.
            return MakesRoom()
        is_new = delivery.attempt == 1 and not delivery.deferred
        return await self.permits.ask(
            self.served.slug,
            self.served.policy,
            key=delivery.key,
            first_seen=delivery.first_seen if is_new else None,
            ignore_breaker=self.word.all.breaker(self.served.slug) == "closed",
        )

    async def _seen(self, delivery: Delivery, permit: Permit) -> tuple[Seen, int]:
        """What was seen of an attempt, and its latency; a permit of which there is nothing to report is given back."""
        seen: Seen | None = None
        try:
            if permit.delay_s:
                await asyncio.sleep(permit.delay_s)
            started = monotonic()
            seen = await self.transport.attempt(delivery)
            return seen, round((monotonic() - started) * 1000)
        finally:
            if seen is None or isinstance(seen, Unsendable):
                await self.permits.release(self.served.slug, permit)

    async def _attempt(self, delivery: Delivery, permit: Permit) -> tuple[Outcome, Judged]:
        seen, latency_ms = await self._seen(delivery, permit)
        outcome = judge(seen, self.served.meaning, now=datetime.now(UTC), latency_ms=latency_ms)
        if isinstance(seen, Unsendable):
            return outcome, Judged()
        burden = burden_of(
            outcome,
            latency_ms=latency_ms,
            slow_ms=self.served.slow_ms,
            slow_calls=self.served.service.breaker.slow_calls,
        )
        judged = await self.permits.report(
            self.served.slug,
            self.served.policy,
            permit,
            burden,
            key=delivery.key,
            error="" if burden.delivered else outcome.reason,
            latency_ms=latency_ms,
        )
        self._heed(outcome, judged, permit)
        return outcome, judged

    def _heed(self, outcome: Outcome, judged: Judged, permit: Permit) -> None:
        # That it is closed is old news by now if another answer has just opened it; a probe's word is its own.
        if permit.is_probe or judged.state is not State.CLOSED:
            self.learn(judged.state)
        if outcome.ending is Ending.FORBIDDEN and judged.refusals >= REFUSALS:
            why = f"{judged.refusals} answers in a row refused our credentials: {outcome.reason}"
            self.word.pause(self.served.slug, why)
        if outcome.ending is Ending.GONE:
            self.word.pause(self.served.slug, f"the receiver is no more: {outcome.reason}")

    async def _settle(self, delivery: Delivery, body: bytes, outcome: Outcome, judged: Judged) -> bool:
        now = datetime.now(UTC)
        is_open = judged.state is not State.CLOSED
        follows = what_follows(
            outcome,
            attempt=delivery.attempt,
            age=now - delivery.first_seen,
            policy=self.served.service.retry,
            jitter=_jitter(),
            counts=judged.counts,
            wait_s=self.served.policy.cooldown_ms / 1000 if is_open else None,
        )
        *onward, told = messages_after(delivery, body, outcome, follows, now)
        for message in onward:
            await self.session.publish_patiently(message)
        # What went onward already would be on its way twice if this process died before the acknowledgement.
        await self._tell(told, delivery, can_wait=not onward)
        count_attempt(self.served.slug, delivery, outcome, now)
        if isinstance(follows, Dead):
            count_dead(self.served.slug)
        log.info(
            "attempted",
            **_ids(delivery),
            attempt=delivery.attempt,
            counts=judged.counts,
            ending=outcome.ending.value,
            reason=outcome.reason,
            latency_ms=outcome.latency_ms,
            follows=type(follows).__name__.lower(),
        )
        return bool(onward)

    async def _put_off(self, delivery: Delivery, body: bytes, entry: Entry) -> bool:
        match entry:
            case Known():
                log.info("already delivered", **_ids(delivery))
                return False
            case Open(wait_s):
                self.learn(State.OPEN)
                waiting, seconds = delivery, while_open(wait_s, _jitter())
            case _:
                waiting = replace(delivery, deferred=delivery.deferred + 1)
                seconds = to_make_room(delivery.deferred, _jitter())
        await self.session.publish_patiently(on_the_ladder(waiting, body, seconds))
        log.debug("put off", **_ids(delivery), seconds=seconds, why=type(entry).__name__.lower())
        return True

    async def _tell(self, outcome: Outgoing, delivery: Delivery, *, can_wait: bool) -> None:
        """Tell whoever listens; a listener whose queue is full must not make the service hear of it twice."""
        try:
            await self.session.publish(outcome, can_wait=can_wait)
        except NotConfirmed as refused:
            log.warning("outcome not told", reason=str(refused), **_ids(delivery))


def _jitter() -> float:
    return random()  # noqa: S311 - spreads retries, guards nothing


def _ids(delivery: Delivery) -> dict[str, str]:
    return {
        "event_id": delivery.event.id,
        "delivery_id": delivery.id,
        "rule": delivery.rule,
        "service": delivery.service,
    }
