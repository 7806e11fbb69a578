"""Places of dead letters as a command compares them: what the index knows of each, and what its queue holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from topology import names
from topology.depth import Depth
from topology.depths import read_depths
from topology.errors import BrokerAway

#: Bytes of a queue's name.
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a place; `queue` is None where there is no such queue, or RabbitMQ is away."""

    place: str
    index: int
    queue: int | None


def places_of(places: Sequence[str], counts: Mapping[str, int], depths: Mapping[str, Depth]) -> list[Place]:
    """Put together what the index and RabbitMQ say of these places."""
    ready = {queue: depth.ready for queue, depth in depths.items()}
    return [Place(place, counts.get(place, 0), ready.get(names.dead_letters_at(place))) for place in places]


def difference(place: Place) -> str:
    """Say how index and queue differ; empty where they agree."""
    queue = names.dead_letters_at(place.place)
    if place.queue is None:
        return f"{queue}: the index knows {place.index:,}, and there is no such queue" if place.index else ""
    if place.queue == place.index:
        return ""
    return (
        f"{queue}: the index knows {place.index:,}, the queue holds {place.queue:,}; somebody purged or moved "
        "messages, a command has them in hand, or the recorder is behind"
    )


@cache
def has_queue(amqp_url: str, place: str) -> bool:
    """Whether letters rest there, though it is in no registry; no, where RabbitMQ is away."""
    queue = names.dead_letters_at(place)
    try:
        return len(queue.encode()) <= _LONGEST and queue in read_depths(amqp_url, [queue])
    except BrokerAway:
        return False
