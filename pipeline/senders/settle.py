"""What is published after an attempt, before the delivery is acknowledged; pure."""

from datetime import datetime

from pipeline.attempt.retry import Dead, Done, Next, Wait
from pipeline.broker import Outgoing
from pipeline.dead_letter import headers_of_death
from pipeline.delivery import CONTENT_TYPE, Delivery
from pipeline.outcome import CONTENT_TYPE as OUTCOME_TYPE
from pipeline.outcome import Outcome, encode_outcome, routing_key
from topology import names
from topology.delay import delay_route


def messages_after(delivery: Delivery, body: bytes, outcome: Outcome, follows: Next, now: datetime) -> list[Outgoing]:
    """The delivery on its way where it is not done, `body` as it came; last the outcome, for whoever listens."""
    told = _outcome(delivery, outcome, follows, now)
    match follows:
        case Done():
            return [told]
        case Wait(seconds):
            route = delay_route(seconds, delivery.service)
            headers = {**delivery.headers(), names.HEADER_ATTEMPT: delivery.attempt + 1}
            return [Outgoing(route.exchange, route.routing_key, body, CONTENT_TYPE, headers), told]
        case Dead(reason):
            headers = headers_of_death(delivery, outcome, reason, now)
            return [Outgoing(names.DLX, delivery.service, body, CONTENT_TYPE, headers), told]


def _outcome(delivery: Delivery, outcome: Outcome, follows: Next, now: datetime) -> Outgoing:
    delay_s = follows.seconds if isinstance(follows, Wait) else None
    body = encode_outcome(outcome, delivery, now, delay_s=delay_s, is_dead=isinstance(follows, Dead))
    headers: dict[str, str | int] = {names.HEADER_VERSION: 1, names.HEADER_DELIVERY_ID: delivery.id}
    key = routing_key(outcome, delivery.service)
    return Outgoing(names.OUTCOMES, key, body, OUTCOME_TYPE, headers, mandatory=False)
