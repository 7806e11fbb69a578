"""The whole topology as data: pure functions that build kombu entities, to be declared, verified and shown.

Three rules hold for every queue, each learnt by losing messages without it:

- Its delivery limit is explicit. A quorum queue counts every return, and at the limit the message leaves; RabbitMQ 4
  has a default of 20, so twenty-one looks at a dead-letter queue would empty it.
- What dead-letters does so at least once, which RabbitMQ grants only with `overflow: reject-publish`.
- None has a length limit: one full queue would stall the dead-lettering of every level above it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from kombu import Exchange, Queue

from topology import delay, names

#: Returns after which a message of a queue that is worked leaves it: only what kills its process gets there.
WORKED = 1_000
#: The same where messages are only looked at, indexed or waiting: as good as never.
LOOKED_AT = 2_000_000_000

_TO_UNROUTABLE = {"alternate-exchange": names.UNROUTABLE}


@dataclass(frozen=True, slots=True)
class Binding:
    """What a source hands to a destination."""

    source: str
    destination: str
    key: str
    to: Literal["queue", "exchange"] = "queue"


@dataclass(frozen=True, slots=True)
class Topology:
    """Exchanges, queues and what is bound to what; parts are joined with `+`."""

    exchanges: tuple[Exchange, ...] = ()
    queues: tuple[Queue, ...] = ()
    bindings: tuple[Binding, ...] = ()

    def __add__(self, other: "Topology") -> "Topology":
        return _join((self, other))


def topology_of(slugs: Iterable[str]) -> Topology:
    """Build the hub with the queues of these services."""
    return _join((hub_topology(), *map(service_topology, slugs)))


def hub_topology() -> Topology:
    """Build what every hub has, whatever its services."""
    return _join((_road(), _ladder(), _dead_letters(), _suspects(), _unroutable(), _broadcasts()))


def service_topology(slug: str) -> Topology:
    """Build what a service adds: its queue, its dead-letter queue, and their bindings.

    Raises ValueError for a slug that the exchanges could not tell from something else.
    """
    if slug == names.INVALID_KEY or not slug or "." in slug:
        raise ValueError(f"a service cannot be called {slug!r}: its name is a routing key of one word")
    queue, dead = names.service_queue(slug), names.dead_letter_queue(slug)
    return Topology(
        queues=(_queue(queue, WORKED, dead_letter_to=names.DLX, dead_letter_key=slug), _queue(dead, LOOKED_AT)),
        bindings=(
            Binding(names.SERVICES, queue, slug),
            Binding(names.DELAY_DUE, queue, f"#.{slug}"),
            Binding(names.DLX, dead, slug),
        ),
    )


def _road() -> Topology:
    return Topology(
        exchanges=(
            Exchange(names.EVENTS, "topic", arguments=_TO_UNROUTABLE),
            Exchange(names.NORMALIZED, "topic"),
            Exchange(names.SERVICES, "direct", arguments=_TO_UNROUTABLE),
        ),
        queues=(_readable(names.INGEST), _readable(names.ROUTER)),
        bindings=(Binding(names.EVENTS, names.INGEST, "#"), Binding(names.NORMALIZED, names.ROUTER, "#")),
    )


def _ladder() -> Topology:
    due = Topology(exchanges=(Exchange(names.DELAY_DUE, "topic", arguments=_TO_UNROUTABLE),))
    return _join((*map(_level, reversed(range(delay.LEVELS))), due))


def _level(level: int) -> Topology:
    name, below = names.delay_level(level), delay.level_below(level)
    # Nobody works here, so the high limit: one that is reached would send on what rests there ahead of its time.
    queue = _queue(name, LOOKED_AT, dead_letter_to=below, ttl_ms=delay.resting_ms(level))
    return Topology(
        exchanges=(Exchange(name, "topic"),),
        queues=(queue,),
        bindings=(
            Binding(name, name, delay.resting_key(level)),
            Binding(name, below, delay.passing_key(level), to="exchange"),
        ),
    )


def _dead_letters() -> Topology:
    return Topology(
        exchanges=(Exchange(names.DLX, "topic", arguments=_TO_UNROUTABLE),),
        queues=(_queue(names.INVALID, LOOKED_AT), _queue(names.DEAD, LOOKED_AT)),
        bindings=(Binding(names.DLX, names.INVALID, names.INVALID_KEY), Binding(names.DLX, names.DEAD, "#")),
    )


def _suspects() -> Topology:
    # No bindings: a stage publishes to the queue itself, by the default exchange.
    return Topology(queues=tuple(_readable(names.suspect_queue(stage)) for stage in names.STAGES))


def _unroutable() -> Topology:
    return Topology(
        exchanges=(Exchange(names.UNROUTABLE, "fanout"),),
        queues=(_queue(names.UNROUTABLE, LOOKED_AT),),
        bindings=(Binding(names.UNROUTABLE, names.UNROUTABLE, ""), Binding(names.UNROUTABLE, names.DEAD, "")),
    )


def _broadcasts() -> Topology:
    # No queues: whoever wants to hear brings one, and what nobody wants to hear may go.
    return Topology(exchanges=(Exchange(names.OUTCOMES, "topic"), Exchange(names.CONTROL, "fanout")))


def _readable(name: str) -> Queue:
    """Build a queue of what must be read: what cannot be ends in `mih.invalid`."""
    return _queue(name, WORKED, dead_letter_to=names.DLX, dead_letter_key=names.INVALID_KEY)


def _queue(
    name: str,
    delivery_limit: int,
    *,
    dead_letter_to: str | None = None,
    dead_letter_key: str | None = None,
    ttl_ms: int | None = None,
) -> Queue:
    arguments = {
        "x-queue-type": "quorum",
        "x-queue-leader-locator": "balanced",
        "x-delivery-limit": delivery_limit,
        "x-dead-letter-exchange": dead_letter_to,
        "x-dead-letter-routing-key": dead_letter_key,
        "x-dead-letter-strategy": "at-least-once" if dead_letter_to else None,
        "x-overflow": "reject-publish" if dead_letter_to else None,
        "x-message-ttl": ttl_ms,
    }
    return Queue(name, queue_arguments={name: value for name, value in arguments.items() if value is not None})


def _join(parts: Iterable[Topology]) -> Topology:
    parts = tuple(parts)
    return Topology(
        exchanges=tuple(chain.from_iterable(part.exchanges for part in parts)),
        queues=tuple(chain.from_iterable(part.queues for part in parts)),
        bindings=tuple(chain.from_iterable(part.bindings for part in parts)),
    )
