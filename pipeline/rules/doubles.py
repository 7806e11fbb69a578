"""Rules that send the same thing to one service of one event, which then hears of it twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.rules.conditions import OR
from pipeline.rules.literals import equals_any, is_literal
from pipeline.rules.pattern import Pattern


@dataclass(frozen=True, slots=True)
class Sending:
    """Of a rule, what decides whether it sends the same as another; `what` is alike where the requests are."""

    rule: str
    pattern: Pattern
    when: Mapping[str, Any]
    what: str


def doubles(sendings: Iterable[Sending]) -> Iterator[tuple[str, str]]:
    """Give each rule that doubles an earlier one, and the first that it doubles."""
    alike: dict[str, _Alike] = defaultdict(_Alike)
    for sending in sendings:
        earlier = alike[sending.what]
        if first := next(
            (one for one in earlier.meeting(sending.pattern) if not _are_apart(one.when, sending.when)), None
        ):
            yield sending.rule, first.rule
        earlier.add(sending)


class _Alike:
    """Rules that send the same, by the event they answer to: a thousand events to one service are no thousand pairs."""

    def __init__(self) -> None:
        self._exact: dict[str, list[Sending]] = defaultdict(list)
        self._wild: list[Sending] = []

    def add(self, sending: Sending) -> None:
        names = sending.pattern.names
        (self._exact[names.head] if names.is_exact else self._wild).append(sending)

    def meeting(self, pattern: Pattern) -> Iterator[Sending]:
        if pattern.names.is_exact:
            yield from self._exact.get(pattern.names.head, ())
        else:
            yield from (one for same in self._exact.values() for one in same if pattern.matches(one.pattern.names.head))
        yield from (one for one in self._wild if one.pattern.meets(pattern))


def _are_apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both name a path, and no value there that the other names."""
    return any(
        path != OR and _only_literals(one[path]) and _only_literals(other[path]) and _no_common(one[path], other[path])
        for path in one.keys() & other.keys()
    )


def _only_literals(alternatives: Any) -> bool:
    return all(map(is_literal, alternatives))


def _no_common(some: Iterable[Any], others: Iterable[Any]) -> bool:
    return not any(map(equals_any(some), others))
