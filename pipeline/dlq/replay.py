"""What a replay makes of a dead letter: pure; the walk does it.

As it was sent, a delivery goes to its service again: the same body and key, a first attempt whose age counts from now.
Anew, its event goes to the router, for the one rule and as that is now. What is no delivery goes to ingest, to be read
again, or where it came from: a letter of the router's that asked for one rule must not come by all of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pipeline.broker import Incoming, Outgoing, moved
from pipeline.dead_letter import key_before_death
from pipeline.delivery import CONTENT_TYPE, Delivery, read_delivery
from pipeline.dlq.decision import Keep, Send
from pipeline.errors import Unreadable
from pipeline.event import CONTENT_TYPE as EVENT_TYPE
from pipeline.registry import Registry
from pipeline.rules import Refused, RuleIndex, plan
from topology import names

#: As the variant of an event for the router: render it for the one rule that the headers name.
ANEW = "anew"
#: Of all headers that are ours, those that mean something where a letter is read again.
_READ_AGAIN = frozenset({names.HEADER_SOURCE, names.HEADER_ROUTING_KEY})
_ROUTED_AGAIN = frozenset(
    {names.HEADER_RULE, names.HEADER_VARIANT, names.HEADER_DELIVERY_ID, names.HEADER_EVENT_ID, names.HEADER_ROUTING_KEY}
)


def as_sent(message: Incoming, place: str, registry: Registry, now: datetime) -> Send | Keep:
    """Send it again as it was sent."""
    if place == names.INVALID_KEY:
        return Send(_read_again(message))
    try:
        delivery = read_delivery(message.body, message.headers)
    except Unreadable:
        if place in names.RESERVED_SLUGS and message.content_type != CONTENT_TYPE:
            return Send(_read_again(message))
        return Keep("it cannot be read: only `mih dlq discard` ends it")
    if delivery.request is None:
        return Keep("it has no request, for its rule could not be rendered: --anew renders it again")
    if delivery.service not in registry.services:
        return Keep(f"there is no service {delivery.service} in the registry any more")
    again = replace(delivery, attempt=1, deferred=0, story="", first_seen=now, published=None)
    return Send(Outgoing(names.SERVICES, delivery.service, message.body, CONTENT_TYPE, again.headers()))


def anew(message: Incoming, registry: Registry, now: datetime) -> Send | Keep:
    """Have it rendered again by its rule as that is now, if that gives a request."""
    try:
        delivery = read_delivery(message.body, message.headers)
    except Unreadable:
        return Keep("it is no delivery: it can be replayed without --anew only")
    reason = _why_not(delivery, registry, now)
    return Keep(reason) if reason else Send(_for_its_rule(delivery))


def _why_not(delivery: Delivery, registry: Registry, now: datetime) -> str:
    rule = next((rule for rule in registry.rules if rule.name == delivery.rule), None)
    if rule is None:
        return f"there is no rule {delivery.rule} in the registry any more"
    planned = plan(delivery.event, RuleIndex([rule]), revision=registry.revision, now=now)
    if not planned:
        return f"rule {rule.name} does not answer to it any more"
    return f"rule {rule.name}: {planned[0].reason}" if isinstance(planned[0], Refused) else ""


def _for_its_rule(delivery: Delivery) -> Outgoing:
    headers: dict[str, str | int] = {
        names.HEADER_VERSION: 1,
        names.HEADER_EVENT_ID: delivery.event.id,
        names.HEADER_DELIVERY_ID: delivery.id,
        names.HEADER_RULE: delivery.rule,
        names.HEADER_VARIANT: ANEW,
    }
    return Outgoing("", names.ROUTER, delivery.event.to_bytes(), EVENT_TYPE, headers)


def _read_again(message: Incoming) -> Outgoing:
    for_one_rule = names.HEADER_RULE in message.headers and message.headers.get(names.HEADER_VARIANT) == ANEW
    queue, kept = (names.ROUTER, _ROUTED_AGAIN) if for_one_rule else (names.INGEST, _READ_AGAIN)
    again = moved(message, "", queue)
    key = again.headers.get(names.HEADER_ROUTING_KEY) or key_before_death(message.headers) or message.routing_key
    return replace(again, headers=_of_formats(again.headers, kept) | {names.HEADER_ROUTING_KEY: key})


def _of_formats(headers: Mapping[str, str | int], kept: frozenset[str]) -> dict[str, str | int]:
    return {name: value for name, value in headers.items() if name in kept or not name.lower().startswith("mih-")}
