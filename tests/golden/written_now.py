"""What the present code writes into each of its queues: golden messages in the making.

Every message is made by the stage that writes it; only the session that would publish it is a list here.
"""

import asyncio
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import orjson
from golden_message import Golden
from golden_reading import read_now
from golden_registry import REVISION, golden_registry

from pipeline.attempt.retry import Dead, Done, Next, Wait, what_follows
from pipeline.broker import Incoming, Outgoing, Session, moved, rejected
from pipeline.delivery import CONTENT_TYPE, Delivery, delivery_id
from pipeline.dlq import Send, anew, as_sent
from pipeline.event import Event
from pipeline.ingest import Ingest
from pipeline.outcome import Ending, Outcome
from pipeline.registry.model import Retry
from pipeline.router import Router
from pipeline.rules import RuleIndex, plan
from pipeline.senders.settle import alarm_of_pause, messages_after, on_the_ladder, stopped
from pipeline.settings import Settings
from pipeline.shared_state.claims import Claim, Claims
from topology import names

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
_BUSY = Outcome(Ending.MAY_PASS, "HTTP 503", 503, 41, 30.0, "down for maintenance")
_TILL, _DEAD = names.service_queue("till"), names.dead_letter_queue("till")


@dataclass
class _Published:
    """Stands where a session would publish."""

    messages: list[Outgoing] = field(default_factory=list)

    async def publish_patiently(self, message: Outgoing) -> None:
        self.messages.append(message)

    publish = publish_patiently


class _Unclaimed:
    """Stands where Redis would know of no event."""

    async def claim(self, _identity: str, event_id: str, _window: timedelta) -> Claim:
        return Claim(event_id)

    async def done(self, _identity: str, _event_id: str, _window: timedelta) -> None:
        pass


def written_now() -> Iterator[Golden]:
    """Every kind of message that rests in a queue, or that listeners hear, each with a number of its own."""
    makers = (_events, _normalized, _deliveries, _dead_letters, _unreadable, _suspects, _told)
    number = 0
    for maker in makers:
        for golden in maker(number):
            yield replace(golden, read=read_now(golden))
        number += 10


def _events(first: int) -> Iterator[Golden]:
    event = order(first)
    yield _event("event-cloudevents-structured", event.to_bytes(), first, content_type="application/cloudevents+json")
    yield _event(
        "event-cloudevents-binary",
        orjson.dumps({"number": first + 1}),
        first + 1,
        content_type="application/json",
        headers={"ce-specversion": "1.0", "ce-id": f"order-{first + 1}", "ce-source": "shop", "ce-type": "shop.order"},
    )
    told: dict[str, Any] = {"id": f"order-{first + 2}", "type": "shop.order", "data": {"number": first + 2}}
    yield _event("event-typed-json", orjson.dumps(told), first + 2, headers={names.HEADER_SOURCE: "shop"})
    packed = gzip.compress(order(first + 3).to_bytes(), mtime=0)
    yield _event("event-in-gzip", packed, first + 3, content_encoding="gzip")
    moodle = {
        "eventname": "\\core\\event\\user_enrolment_created",
        "component": "core",
        "objectid": first + 4,
        "userid": "2",
        "courseid": "2",
        "relateduserid": 4,
        "other": {"enrol": "manual"},
        "timecreated": 1795211290,
    }
    yield replace(_event("event-moodle", orjson.dumps(moodle), first + 4, app_id="campus"), arrives=[["till", None]])
    domain: dict[str, Any] = {"eventName": "shop.paid", "eventId": f"paid-{first + 5}", "sourceModule": "shop"}
    domain |= {"aggregateType": "order", "aggregateId": "4711", "payload": {"number": first + 5}}
    paid = delivery_id(Event(f"paid-{first + 5}", "shop", "shop.paid"), "domain")
    yield replace(_event("event-domain", orjson.dumps(domain), first + 5), arrives=[["till", paid]])


def _normalized(first: int) -> Iterator[Golden]:
    [normalized] = _ingested(_event("", order(first).to_bytes(), first))
    yield _golden("event-normalized", normalized, names.ROUTER, first, arrives=_everywhere(first))
    letter = _dead(first + 1, "till")
    sent = anew(letter.incoming(), golden_registry(), AT)
    assert isinstance(sent, Send), sent
    key = f"{delivery_id(order(first + 1), 'to-till')}-r{REVISION}"
    # Rendered anew under the revision that is in force then: the key is known up to that.
    yield _golden("event-for-one-rule", sent.outgoing, names.ROUTER, first + 1, arrives=[["till", key]])


def _deliveries(first: int) -> Iterator[Golden]:
    for routed in _routed(order(first)):
        slug = routed.routing_key
        key = str(routed.headers[names.HEADER_DELIVERY_ID])
        yield _golden(f"delivery-{slug}", routed, names.service_queue(slug), first, arrives=[[slug, key]])
    retried = delivery(first + 1, "till")
    waiting, _ = messages_after(retried, retried.to_bytes(), _BUSY, Wait(5, 2), AT)
    yield _golden("delivery-second-attempt", waiting, _TILL, first + 1, arrives=[["till", retried.key]])
    deferred = replace(delivery(first + 2, "lake"), deferred=2)
    resting = on_the_ladder(deferred, deferred.to_bytes(), 1)
    yield _golden(
        "delivery-deferred", resting, names.service_queue("lake"), first + 2, arrives=[["lake", deferred.key]]
    )
    sent = as_sent(_dead(first + 3, "sis").incoming(), "sis", golden_registry(), AT)
    assert isinstance(sent, Send), sent
    replayed = [["sis", delivery(first + 3, "sis").key]]
    yield _golden("delivery-replayed", sent.outgoing, names.service_queue("sis"), first + 3, arrives=replayed)
    changed = replace(delivery(first + 4, "till"), variant="r2")
    resting = on_the_ladder(changed, changed.to_bytes(), 2)
    yield _golden("delivery-rendered-anew", resting, _TILL, first + 4, arrives=[["till", changed.key]])


def _dead_letters(first: int) -> Iterator[Golden]:
    for number, slug in enumerate(("till", "lake", "sis"), start=first):
        yield _dead(number, slug)
    old = delivery(first + 3, "till")
    follows = what_follows(_BUSY, attempt=2, age=timedelta(hours=73), policy=Retry(), jitter=0)
    letter, _ = messages_after(replace(old, attempt=2), old.to_bytes(), _BUSY, follows, AT)
    yield _letter("dead-of-age", letter, first + 3, old)
    halted = delivery(first + 4, "till")
    halting = stopped(halted, halted.to_bytes(), "rule to-till is stopped by anna: wrong prices", AT)
    yield _letter("dead-of-a-stopped-rule", halting, first + 4, halted)
    [refused] = _routed(replace(order(first + 5), type="shop.odd"))
    yield _golden("dead-unrenderable", refused, _DEAD, first + 5, stays_in=_DEAD)
    returned = delivery(first + 6, "till")
    moved_by_the_broker = Outgoing(names.DLX, "till", returned.to_bytes(), CONTENT_TYPE, returned.headers())
    death = {
        "reason": "delivery_limit",
        "queue": _TILL,
        "count": 1,
        "exchange": names.SERVICES,
        "routing-keys": ["till"],
    }
    letter_of_the_brokers = _letter("dead-by-the-broker", moved_by_the_broker, first + 6, returned)
    yield replace(letter_of_the_brokers, headers={**letter_of_the_brokers.headers, "x-death": [death]})


def _unreadable(first: int) -> Iterator[Golden]:
    [invalid] = _ingested(_event("", b'{"neither": "nor"}', first))
    yield _golden("invalid-at-ingest", invalid, names.INVALID, first, stays_in=names.INVALID)
    no_event = Golden("", names.NORMALIZED, "shop.order", b'{"specversion": "1.0", "type": "shop.order"}')
    [invalid] = _taken_by_router(no_event.incoming())
    yield _golden("invalid-at-the-router", invalid, names.INVALID, first + 1, stays_in=names.INVALID)
    event = _event("", order(first + 2).to_bytes(), first + 2)
    guilty = rejected(event.incoming(), names.INVALID_KEY, "ingest: its process died 3 times while it was in hand")
    yield _golden("invalid-as-guilty", guilty, names.INVALID, first + 2, arrives=_everywhere(first + 2))
    nobodys = replace(delivery(first + 3, "till"), service="nobody")
    lost = Outgoing(names.SERVICES, "nobody", nobodys.to_bytes(), CONTENT_TYPE, nobodys.headers())
    yield _golden("unroutable-delivery", lost, names.UNROUTABLE, first + 3, stays_in=names.UNROUTABLE)


def _suspects(first: int) -> Iterator[Golden]:
    event = _event("", order(first).to_bytes(), first)
    yield _suspect("ingest", event, arrives=_everywhere(first))
    [normalized] = _ingested(_event("", order(first + 1).to_bytes(), first + 1))
    yield _suspect("router", _golden("", normalized, "", first + 1), arrives=_everywhere(first + 1))
    routed = next(routed for routed in _routed(order(first + 2)) if routed.routing_key == "till")
    suspected = [["till", delivery(first + 2, "till").key]]
    yield _suspect("sender", _golden("", routed, "", first + 2), arrives=suspected)
    yield _suspect("recorder", _dead(first + 3, "till"), arrives=[])


def _told(first: int) -> Iterator[Golden]:
    done = delivery(first, "till")
    delivered = Outcome(Ending.DELIVERED, "HTTP 200", 200, 12)
    follows: dict[str, tuple[Outcome, Next]] = {
        "delivered": (delivered, Done()),
        "may-pass": (_BUSY, Wait(5, 2)),
        "dead": (_BUSY, Dead("HTTP 503")),
    }
    for name, (outcome, next_) in follows.items():
        *_, told = messages_after(done, done.to_bytes(), outcome, next_, AT)
        yield _golden(f"outcome-{name}", told, "", first)
    alarm = alarm_of_pause("till", who="mih", why="3 answers in a row refused our credentials: HTTP 401", at=AT)
    yield _golden("alarm-of-a-pause", alarm, "", first)
    yield _golden("control", Outgoing(names.CONTROL, "", b"registry revision 3", mandatory=False), "", first)


def order(number: int) -> Event:
    """An event that all three services hear of."""
    return Event(
        f"order-{number}",
        "shop",
        "shop.order",
        {"number": number, "price": "9.90"},
        subject=f"orders/{number}",
        time="2026-11-20T11:59:58+01:00",
        extensions={"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
    )


def delivery(number: int, slug: str) -> Delivery:
    """An order on its way to one service."""
    planned = plan(replace(order(number), hops=1), RuleIndex(golden_registry().rules), revision=REVISION, now=AT)
    return next(one for one in planned if isinstance(one, Delivery) and one.service == slug)


def _everywhere(number: int) -> list[list[str | None]]:
    return [[slug, delivery_id(order(number), f"to-{slug}")] for slug in ("till", "lake", "sis")]


def _event(name: str, body: bytes, number: int, **properties: Any) -> Golden:
    arrives = _everywhere(number)
    return Golden(name, names.EVENTS, "shop", body, names.INGEST, number=number, arrives=arrives, **properties)


def _dead(number: int, slug: str) -> Golden:
    tried = replace(delivery(number, slug), attempt=3, story=_story(number, slug))
    follows = what_follows(_BUSY, attempt=3, age=timedelta(hours=1), policy=Retry(max_attempts=3), jitter=0)
    letter, _ = messages_after(tried, tried.to_bytes(), _BUSY, follows, AT)
    return _letter(f"dead-after-attempts-{slug}", letter, number, tried)


def _story(number: int, slug: str) -> str:
    first = delivery(number, slug)
    waiting, _ = messages_after(first, first.to_bytes(), _BUSY, Wait(5, 2), AT)
    return str(waiting.headers[names.HEADER_STORY])


def _letter(name: str, letter: Outgoing, number: int, of: Delivery) -> Golden:
    queue = names.dead_letter_queue(of.service)
    return _golden(name, letter, queue, number, arrives=[[of.service, of.key]])


def _suspect(stage: str, golden: Golden, *, arrives: Sequence[Sequence[str | None]]) -> Golden:
    queue = names.suspect_queue(stage)
    suspect = moved(golden.incoming(), "", queue)
    return _golden(f"suspect-{stage}", suspect, queue, golden.number, arrives=arrives)


def _ingested(golden: Golden) -> list[Outgoing]:
    published = _Published()
    ingest = Ingest(cast("Session", published), cast("Claims", _Unclaimed()), Settings.model_validate({}))
    asyncio.run(ingest.take(golden.incoming()))
    return published.messages


def _routed(event: Event) -> list[Outgoing]:
    return _taken_by_router(Golden("", names.NORMALIZED, event.key, replace(event, hops=1).to_bytes()).incoming())


def _taken_by_router(message: Incoming) -> list[Outgoing]:
    published = _Published()
    asyncio.run(Router(cast("Session", published), golden_registry).take(message))
    return published.messages


def _golden(  # noqa: PLR0913 - how it was published, and what is to become of it
    name: str,
    message: Outgoing,
    rests_in: str,
    number: int,
    *,
    arrives: Sequence[Sequence[str | None]] = (),
    stays_in: str = "",
) -> Golden:
    return Golden(
        name,
        message.exchange,
        message.routing_key,
        message.body,
        rests_in,
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        app_id=message.app_id,
        headers=dict(message.headers),
        arrives=arrives,
        stays_in=stays_in,
        number=number,
    )
