"""What is published for a delivery in hand before it is acknowledged; pure."""

from dataclasses import replace
from datetime import datetime

from pipeline.attempt.retry import Dead, Done, Next, Wait
from pipeline.attempt.story import with_attempt
from pipeline.broker import Outgoing
from pipeline.dead_letter import headers_of_death
from pipeline.delivery import CONTENT_TYPE, Delivery
from pipeline.outcome import ALARM_TYPE, PAUSED, Ending, Outcome, encode_outcome, encode_pause, routing_key
from pipeline.outcome import CONTENT_TYPE as OUTCOME_TYPE
from topology import names
from topology.delay import delay_route


def messages_after(delivery: Delivery, body: bytes, outcome: Outcome, follows: Next, now: datetime) -> list[Outgoing]:
    """The delivery on its way where it is not done, `body` as it came; last the outcome, for whoever listens."""
    told = _outcome(delivery, outcome, follows, now)
    if isinstance(follows, Done):
        return [told]
    story = with_attempt(delivery.story, outcome, attempt=delivery.attempt, at=now)
    match follows:
        case Wait(seconds, attempt):
            waiting = replace(delivery, attempt=attempt, deferred=0, story=story)
            return [on_the_ladder(waiting, body, seconds), told]
        case Dead(reason):
            return [_dead(replace(delivery, story=story), body, outcome, reason, now), told]


def on_the_ladder(delivery: Delivery, body: bytes, seconds: int) -> Outgoing:
    """The delivery to the ladder, from which it returns to its service's queue."""
    route = delay_route(seconds, delivery.service)
    return Outgoing(route.exchange, route.routing_key, body, CONTENT_TYPE, delivery.headers())


def stopped(delivery: Delivery, body: bytes, reason: str, now: datetime) -> Outgoing:
    """The delivery to its dead letters without an attempt: somebody stopped its rule."""
    return _dead(delivery, body, Outcome(Ending.CANNOT_PASS, reason), reason, now)


def alarm_of_pause(slug: str, *, who: str, why: str, at: datetime) -> Outgoing:
    """That the hub itself paused a service: `paused.<slug>` on `mih.outcomes`, for whoever must be woken."""
    headers: dict[str, str | int] = {names.HEADER_VERSION: 1}
    body = encode_pause(slug, who=who, why=why, at=at)
    return Outgoing(names.OUTCOMES, f"{PAUSED}.{slug}", body, ALARM_TYPE, headers, mandatory=False)


def _dead(delivery: Delivery, body: bytes, outcome: Outcome, reason: str, now: datetime) -> Outgoing:
    headers = headers_of_death(delivery, outcome, reason, now)
    return Outgoing(names.DLX, delivery.service, body, CONTENT_TYPE, headers)


def _outcome(delivery: Delivery, outcome: Outcome, follows: Next, now: datetime) -> Outgoing:
    delay_s = follows.seconds if isinstance(follows, Wait) else None
    body = encode_outcome(outcome, delivery, now, delay_s=delay_s, is_dead=isinstance(follows, Dead))
    headers: dict[str, str | int] = {names.HEADER_VERSION: 1, names.HEADER_DELIVERY_ID: delivery.id}
    key = routing_key(outcome, delivery.service)
    return Outgoing(names.OUTCOMES, key, body, OUTCOME_TYPE, headers, mandatory=False)
