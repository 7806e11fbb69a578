"""Text to data, with the line of every key: the events of PyYAML's parser, built into a document by our own rules.

The events are read and not PyYAML's nodes, because libyaml's composer overflows the stack on deep nesting, and
because only the events tell an alias from what it points at. Aliases are refused: a document is what one reads.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from pipeline.registry.findings import Finding, Path
from pipeline.registry.yaml_text import hints
from pipeline.registry.yaml_text.scalars import plain

#: libyaml is ten times faster, but only where PyYAML was built with it; its errors say less, so they are not used.
_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, in lines from 1; `block` is the first line of a text written as a literal block."""

    file: str
    line: int
    block: int | None = None

    def within(self, text_line: int | None) -> int:
        """The file's line of one line of the text that stands here, as far as that can be told."""
        return self.line if self.block is None or text_line is None else self.block + text_line - 1


@dataclass(frozen=True, slots=True)
class YamlText:
    """A file as data, with the place of each path in it, and what was wrong; nothing is known of a broken file."""

    data: Any
    places: Mapping[Path, Place]
    findings: tuple[Finding, ...]
    is_broken: bool = False


def read_yaml(text: str, file: str) -> YamlText:
    """Read one file's text; what is wrong is told in the answer's findings."""
    for loader in (_FAST, yaml.SafeLoader):
        building = _Building(file, yaml.parse(text, loader))
        try:
            data = building.document()
        except yaml.YAMLError as problem:
            line, message = hints.explain(problem, text)
            broken = Finding(file, line, building.path_in(line), message)
        else:
            return YamlText(data, building.places, tuple(building.findings))
    return YamlText(None, {}, (*building.findings, broken), is_broken=True)


class _TooDeep(yaml.YAMLError):
    """Nesting that no registry has."""


@dataclass(slots=True)
class _Building:
    """The state of one pass over the events."""

    file: str
    events: Iterator[Event]
    places: dict[Path, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    #: Of the value being read: names the key beside which the parser stumbled.
    path: Path = ()

    def document(self) -> Any:
        """The first document's value; a second one is a finding."""
        roots = (event for event in self.events if isinstance(event, NodeEvent))
        root = next(roots, None)
        self.places[()] = Place(self.file, _line(root) if root else 1)
        data = self._value(root, ()) if root else None
        if second := next(roots, None):
            self._find(second, (), hints.SECOND_DOCUMENT)
        return data

    def path_in(self, line: int) -> Path:
        """The key at which the parser stumbled, if it got as far as reading that line's key."""
        return self.path if self.path in self.places and self.places[self.path].line == line else ()

    def _value(self, event: Event, path: Path) -> Any:
        self.path = path
        if len(path) > _MAX_DEPTH:
            raise _TooDeep(hints.TOO_DEEP)
        if not isinstance(event, ScalarEvent | CollectionStartEvent):
            return self._find(event, path, hints.STAR)
        if event.anchor:
            self._find(event, path, hints.ANCHOR)
        if event.tag not in {None, "!"}:
            self._find(event, path, hints.TAG)
        if isinstance(event, ScalarEvent):
            return self._scalar(event, path)
        self.places.setdefault(path, Place(self.file, _line(event)))
        return self._mapping(path) if isinstance(event, MappingStartEvent) else self._sequence(path)

    def _scalar(self, event: ScalarEvent, path: Path) -> Any:
        line = _line(event)
        self.places[path] = Place(self.file, line, line + 1 if event.style == "|" else None)
        try:
            event.value.encode()
            return plain(event.value) if event.implicit[0] else event.value
        except UnicodeEncodeError:
            return self._find(event, path, hints.SURROGATE)
        except ValueError as unreadable:
            return self._find(event, path, str(unreadable))

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                self._find(event, path, hints.TEMPLATE)
                self._skip(event)
                self._skip(next(self.events))
            elif event.value in found:
                first = self.places[*path, event.value].line
                self._find(event, (*path, event.value), f"found twice, first in line {first}, expected once")
                self._skip(next(self.events))
            else:
                self._pair(event, path, found)
        return found

    def _pair(self, key: ScalarEvent, path: Path, found: dict[str, Any]) -> None:
        if key.value == "<<" and key.implicit[0]:
            self._find(key, path, hints.MERGE)
        self.places[*path, key.value] = Place(self.file, _line(key))
        found[key.value] = self._value(next(self.events), (*path, key.value))

    def _skip(self, event: Event) -> None:
        depth = 0
        while depth := depth + isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent):
            event = next(self.events)

    def _find(self, event: Event, path: Path, message: str) -> None:
        self.findings.append(Finding(self.file, _line(event), path, message))


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
