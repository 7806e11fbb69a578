"""What this process has seen since it was last written down, in memory that does not grow beyond its bounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.catalogue.sample import seen, shortened
from pipeline.catalogue.shape import MAX_NAMES, names_of
from pipeline.event import Event

#: Types and names that wait to be written down; beyond, new ones wait for the next event that has them.
MAX_WAITING, MAX_WAITING_NAMES = 1_000, 20_000
#: Names that are remembered, so that each is written down once and not with every event.
MAX_REMEMBERED = 100_000


@dataclass(slots=True, eq=False)
class Sighting:
    """Events of one type, seen and not written down yet; the sample is of the first of them."""

    first_seen: datetime
    last_seen: datetime
    source: str
    sample: Any
    count: int = 0
    #: Those that this process had not seen before in this type.
    names: set[str] = field(default_factory=set)

    def add(self, later: "Sighting") -> None:
        """Take in what was seen later."""
        self.last_seen, self.source, self.sample = later.last_seen, later.source, later.sample
        self.count += later.count
        self.names |= later.names


class Sightings:
    """Notes events and hands over what it noted; noting costs microseconds, and waits for nothing."""

    def __init__(self) -> None:
        self._waiting: dict[str, Sighting] = {}
        self._waiting_names = 0
        self._remembered: dict[str, frozenset[str]] = {}
        self._remembered_names = 0

    def note(self, event: Event, now: datetime) -> None:
        """Count an event."""
        sighting = self._waiting.get(event.type)
        if sighting is None:
            if len(self._waiting) >= MAX_WAITING:
                return
            sighting = Sighting(now, now, seen(event.source), shortened(event.data))
            self._waiting[event.type] = sighting
        sighting.count += 1
        sighting.last_seen = now
        if self._waiting_names < MAX_WAITING_NAMES:
            self._note_names(event, sighting)

    def take(self) -> Mapping[str, Sighting]:
        """Hand over everything noted, by type; the next `take` gives what is noted from now on."""
        taken, self._waiting, self._waiting_names = self._waiting, {}, 0
        return taken

    def put_back(self, taken: Mapping[str, Sighting]) -> None:
        """Take back what could not be written down, under what was noted meanwhile, as far as there is room."""
        waiting = dict(taken)
        names = sum(len(sighting.names) for sighting in taken.values())
        for event_type, later in self._waiting.items():
            if names + len(later.names) > MAX_WAITING_NAMES:
                later.names.clear()
                self._forget()
            if event_type in waiting:
                waiting[event_type].add(later)
            elif len(waiting) < MAX_WAITING:
                waiting[event_type] = later
            else:
                self._forget()
            names += len(later.names)
        self._waiting, self._waiting_names = waiting, names

    def _note_names(self, event: Event, sighting: Sighting) -> None:
        if self._remembered_names >= MAX_REMEMBERED:
            self._forget()
        remembered = self._remembered.get(event.type, frozenset())
        if len(remembered) >= MAX_NAMES:
            return
        if new := names_of(event.data) - remembered:
            # Not before there is a name: a type costs memory only here.
            self._remembered[event.type] = remembered | new
            sighting.names |= new
            self._remembered_names += len(new)
            self._waiting_names += len(new)

    def _forget(self) -> None:
        # Names that are seen again are written down again, which changes nothing.
        self._remembered.clear()
        self._remembered_names = 0
