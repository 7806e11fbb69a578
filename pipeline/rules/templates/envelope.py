"""The names that do not come from an event's data: the event's own attributes, the delivery, the time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pipeline.event import Event
from pipeline.rules.templates.path import MISSING


@dataclass(frozen=True, slots=True)
class Scope:
    """All that one rendering may read."""

    event: Event
    delivery_id: str
    now: datetime


#: Finds a value in what a rendering may read.
Reading = Callable[[Scope], Any]


def _time(scope: Scope) -> Any:
    return MISSING if scope.event.time is None else scope.event.time


def _now(scope: Scope) -> str:
    return scope.now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


ENVELOPE: Final[Mapping[str, Reading]] = {
    "delivery.id": lambda scope: scope.delivery_id,
    "event": lambda scope: scope.event.to_mapping(),
    "event.id": lambda scope: scope.event.id,
    "event.key": lambda scope: scope.event.key,
    "event.source": lambda scope: scope.event.source,
    "event.time": _time,
    "event.type": lambda scope: scope.event.type,
    "now": _now,
}
#: Paths that begin with one of these are the envelope's.
RESERVED: Final = frozenset(name.partition(".")[0] for name in ENVELOPE)
#: Stands for the event's data, whole (`{{data}}`) or before a path whose first name is reserved (`{{data.event}}`).
DATA: Final = "data"
