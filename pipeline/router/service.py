"""The router at work: take from `mih.router`, plan, publish one delivery per matching rule to `mih.services`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from pipeline.broker import Incoming, Outgoing, Session, consume, listen, rejected, run_sessions
from pipeline.dead_letter import headers_of_death
from pipeline.delivery import CONTENT_TYPE, Delivery, read_published
from pipeline.errors import NotConfirmed, Unreadable
from pipeline.event import Event, read_event
from pipeline.health import condition
from pipeline.health.metrics import DEAD, MESSAGES, REVISION, ROUTED
from pipeline.outcome import Ending, Outcome
from pipeline.registry import CurrentRegistry, Registry
from pipeline.rules import Refused, RuleIndex, plan
from pipeline.settings import Settings
from topology import names
from topology.delay import delay_route

STAGE = "router"
#: Seconds that a delivery rests in the ladder when its service's queue refused it.
PARKED_S = 30

_ROUTED, _UNWANTED, _INVALID = (MESSAGES.labels(STAGE, became) for became in ("routed", "unwanted", "invalid"))

Note = Callable[[Event, datetime], None]

log = structlog.get_logger()


def _nobody_is_told(_: Event, __: datetime) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Router:
    """What taking one message needs."""

    session: Session
    registry: Callable[[], Registry]
    #: Told of each event that was routed, and when; must neither wait nor raise.
    note: Note = _nobody_is_told

    async def take(self, message: Incoming) -> bool:
        """Publish a delivery for each rule that matches; True where something went to the dead or to `mih.invalid`."""
        try:
            event = read_event(message.body)
        except Unreadable as why:
            log.warning("unreadable", reason=str(why), routing_key=message.routing_key)
            await self.session.publish_patiently(rejected(message, names.INVALID_KEY, str(why)))
            _INVALID.inc()
            return True
        registry, now = self.registry(), datetime.now(UTC)
        if _for_one_rule(message):
            return await self._render_anew(message, event, registry, now)
        published = read_published(message.headers)
        planned = plan(event, registry.index, revision=registry.revision, now=now, published=published)
        await self._publish_all(planned)
        (_ROUTED if planned else _UNWANTED).inc()
        self.note(event, now)
        log.debug("routed", event_id=event.id, event_type=event.type, deliveries=len(planned))
        # To take it twice would not double deliveries: they have the same ids, and a sender drops the second.
        return any(isinstance(one, Refused) for one in planned)

    async def _render_anew(self, message: Incoming, event: Event, registry: Registry, now: datetime) -> bool:
        """Plan for the one rule that a replay names; it may be another by now than when the replay looked."""
        name = message.headers[names.HEADER_RULE]
        index = RuleIndex(rule for rule in registry.rules if rule.name == name)
        planned = plan(event, index, revision=registry.revision, now=now)
        for answer in planned:
            await self._publish(_rendered_anew(answer))
        if not planned:
            reason = f"rule {name} is gone, or does not answer to it any more, since it was replayed"
            log.warning("not rendered anew", reason=reason, **message.ids)
            await self.session.publish_patiently(rejected(message, names.INVALID_KEY, reason))
        return not planned or any(isinstance(one, Refused) for one in planned)

    async def _publish_all(self, planned: Sequence[Delivery | Refused]) -> None:
        match planned:
            case [one]:
                # As most events are: a task for it would cost more than its rule.
                await self._publish(one)
            case _:
                await asyncio.gather(*map(self._publish, planned))

    async def _publish(self, planned: Delivery | Refused) -> None:
        if isinstance(planned, Refused):
            log.warning("unrenderable", rule=planned.rule, service=planned.service, reason=planned.reason)
            await self.session.publish_patiently(_dead(planned))
            DEAD.labels(planned.service).inc()
            return
        try:
            await self.session.publish(_outgoing(planned, names.SERVICES, planned.service))
        except NotConfirmed as refused:
            # One full or broken queue must not hold the events of all others: this delivery waits in the ladder.
            log.warning("parked", delivery_id=planned.id, service=planned.service, reason=str(refused))
            route = delay_route(PARKED_S, planned.service)
            await self.session.publish_patiently(_outgoing(planned, route.exchange, route.routing_key))
        ROUTED.labels(planned.service).inc()


async def run_router(settings: Settings, current: CurrentRegistry, note: Note, *, stopping: asyncio.Event) -> None:
    """Run until `stopping`; events wait in `mih.router` until there is a registry."""

    async def work(session: Session) -> None:
        with condition(lambda: "no registry yet") as fulfilled:
            async with listen(session, current.nudge):
                if not await current.loaded(stopping, session.lost):
                    return
                REVISION.set_function(lambda: current.get().revision)
                fulfilled()
                router = Router(session, current.get, note)
                await consume(
                    session, names.ROUTER, router.take, stage=STAGE, prefetch=settings.prefetch, until=stopping
                )

    await run_sessions(settings.amqp_url, STAGE, work, stopping=stopping)


def _for_one_rule(message: Incoming) -> bool:
    return names.HEADER_RULE in message.headers and names.HEADER_VARIANT in message.headers


def _rendered_anew(planned: Delivery | Refused) -> Delivery | Refused:
    """Tell it apart from what was sent under its id before: the service must not take it for a repeat."""
    if isinstance(planned, Refused):
        return replace(planned, delivery=_rendered(planned.delivery))
    return _rendered(planned)


def _rendered(delivery: Delivery) -> Delivery:
    return replace(delivery, variant=f"r{delivery.revision}")


def _outgoing(delivery: Delivery, exchange: str, routing_key: str) -> Outgoing:
    return Outgoing(exchange, routing_key, delivery.to_bytes(), CONTENT_TYPE, delivery.headers())


def _dead(refused: Refused) -> Outgoing:
    outcome = Outcome(Ending.CANNOT_PASS, refused.reason)
    headers = headers_of_death(refused.delivery, outcome, refused.reason, refused.delivery.first_seen)
    return Outgoing(names.DLX, refused.service, refused.delivery.to_bytes(), CONTENT_TYPE, headers)
