"""What is wrong with the hub, and what to do about each; pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.cli.status.age import age
from pipeline.cli.status.facts import Counted, Facts, ServiceStatus, Source
from pipeline.registry import Kind
from pipeline.shared_state.permit import State
from topology import names

#: What it means that a source does not answer; without the management API nothing is wrong, only less is known.
_MEANS = {
    Source.RABBITMQ: "nothing moves, and what waits is not known",
    Source.REDIS: "breakers are each sender's own, and nothing is known of them",
    Source.DATABASE: "services and who paused them are not known",
}
#: Consumed always; the command that does so is called like the place.
CONSUMED = {"ingest": names.INGEST, "router": names.ROUTER, "recorder": names.DEAD}
#: Where nothing should lie: why it does.
_ASIDE = {"invalid": "they could not be read", "unroutable": "they came for a service that is no more"}
#: Names that are told of many.
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not as it should be."""

    what: str
    why: str
    #: A command, or where to look.
    hint: str
    #: Empty where it is not about one.
    service: str = ""


def troubles(facts: Facts) -> list[Trouble]:
    """Say all that is wrong, what concerns most first."""
    return [*_away(facts.away), *_absent(facts), *_on_the_road(facts.road), *_unserved(facts), *_of_people(facts)] + [
        trouble for one in facts.services for trouble in _of_service(one, facts)
    ]


def _away(away: Mapping[Source, str]) -> Iterator[Trouble]:
    for source, means in _MEANS.items():
        if source in away:
            yield Trouble(f"{source} is away", f"{means}: {away[source]}", "`mih settings` shows the addresses")


def _absent(facts: Facts) -> Iterator[Trouble]:
    """Queues that should be there."""
    if Source.RABBITMQ in facts.away:
        return
    road = [queue for place, queue in CONSUMED.items() if facts.road.get(place, Counted()).ready is None]
    services = [names.service_queue(one.service) for one in facts.services if one.transport and one.ready is None]
    if road or services:
        yield Trouble("queues are missing", _named([*road, *services]), "mih topology apply")


def _on_the_road(road: Mapping[str, Counted]) -> Iterator[Trouble]:
    for place, counted in road.items():
        waiting = f"{counted.ready or 0:,} wait"
        if place in CONSUMED and counted.consumers == 0:
            yield Trouble(f"no {place} runs", waiting, f"mih {place}")
        elif place in _ASIDE and counted.ready:
            yield Trouble(f"{place}: {counted.ready:,}", _ASIDE[place], f"mih dlq list --service {place}")
        elif place.startswith("suspect") and counted.ready:
            yield Trouble(f"{place}: {counted.ready:,}", "taken several times without an answer", "mih suspect")


def _unserved(facts: Facts) -> Iterator[Trouble]:
    for transport, services in _without_sender(facts).items():
        waiting = sum(one.ready or 0 for one in services)
        why = f"{waiting:,} wait for {_named([one.service for one in services])}"
        yield Trouble(f"no sender for {transport} is alive", why, f"mih sender {transport}")


def _without_sender(facts: Facts) -> Mapping[str, list[ServiceStatus]]:
    """Services by transports that nobody was heard of; a consumer is a sender, heard or not."""
    by_transport = defaultdict(list)
    for one in facts.services:
        if one.transport:
            by_transport[one.transport].append(one)
    return {
        transport: services
        for transport, services in by_transport.items()
        if facts.alive is not None and not facts.alive.get(transport) and not any(one.senders for one in services)
    }


def _of_people(facts: Facts) -> Iterator[Trouble]:
    for word in facts.stopped:
        yield Trouble(f"rule {word.name} is stopped", str(word), f"mih rule start {word.name}")


def _of_service(one: ServiceStatus, facts: Facts) -> Iterator[Trouble]:
    slug = one.service
    if one.paused:
        yield Trouble(f"{slug} is paused", str(one.paused), f"mih resume {slug}", slug)
    if one.forced:
        way = "open" if one.forced.kind is Kind.BREAKER_OPEN else "closed"
        yield Trouble(f"{slug}: breaker forced {way}", str(one.forced), f"mih breaker reset {slug}", slug)
    elif one.state in {State.OPEN, State.HALF_OPEN}:
        yield Trouble(f"{slug}: breaker {one.state}", _outage(one, facts.at), f"mih breaker show {slug}", slug)
    yield from _of_queue(one, facts)
    if one.dead:
        yield Trouble(
            f"{slug}: {one.dead:,} dead", "they could not be delivered", f"mih dlq list --service {slug}", slug
        )


def _of_queue(one: ServiceStatus, facts: Facts) -> Iterator[Trouble]:
    """What waits and is not consumed, unless something that is told already explains it."""
    if not one.ready or one.senders != 0 or one.is_held:
        return
    what = f"{one.service}: {one.ready:,} wait, and nobody takes them"
    if one.transport is None and Source.DATABASE not in facts.away:
        yield Trouble(what, "the service is in the registry no more", "mih apply FILE", one.service)
    elif one.transport is None or facts.alive is None:
        yield Trouble(what, "no sender consumes its queue", f"mih sender {one.transport or 'TRANSPORT'}", one.service)
    elif facts.alive.get(one.transport):
        why = f"a sender for {one.transport} is alive and does not serve it"
        yield Trouble(what, why, f"the log of `mih sender {one.transport}` says why", one.service)


def _outage(one: ServiceStatus, at: datetime) -> str:
    lasts = f"for {age((at - one.since).total_seconds())}" if one.since else ""
    return ", ".join(filter(None, [lasts, probing(one, at), one.last_error]))


def probing(one: ServiceStatus, at: datetime) -> str:
    """When the next probe of an open breaker starts, or that one is on its way."""
    if one.state is State.HALF_OPEN:
        return "probing"
    if one.next_probe is None:
        return ""
    return f"probe in {age((one.next_probe - at).total_seconds())}" if one.next_probe > at else "probe now"


def _named(found: Sequence[str]) -> str:
    more = len(found) - _MOST_NAMED
    return ", ".join(found[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
