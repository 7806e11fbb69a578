"""Rules that send the same thing to one service of one event, which then hears of it twice.

What sends the same is kept by the event that it answers to, and there by the values that it names: ten thousand rules
for as many events, or for as many courses, are no fifty million pairs.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pipeline.rules.conditions import OR
from pipeline.rules.literals import is_literal
from pipeline.rules.numeral import read_number
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
    for order, sending in enumerate(sendings):
        earlier, named = alike[sending.what], _named(sending.when)
        doubled = (one for same in earlier.meeting(sending.pattern) for one in same.not_apart(named))
        if first := min(doubled, default=None, key=lambda one: one.order):
            yield sending.rule, first.rule
        earlier.of(sending.pattern).add(_Kept(order, sending.rule, named))


#: The values that a rule names, by path; a path that something else than values is asked of is not among them.
_Named = Mapping[str, frozenset[Any]]


@dataclass(frozen=True, slots=True)
class _Kept:
    order: int
    rule: str
    named: _Named

    def is_apart(self, named: _Named) -> bool:
        """Whether both name a path, and no value there that the other names."""
        return any(self.named[path].isdisjoint(named[path]) for path in self.named.keys() & named.keys())


class _Alike:
    """Rules that send the same, by the event they answer to."""

    def __init__(self) -> None:
        self._exact: dict[Pattern, _OfOneEvent] = {}
        self._wild: dict[Pattern, _OfOneEvent] = {}

    def of(self, pattern: Pattern) -> "_OfOneEvent":
        return (self._exact if pattern.names.is_exact else self._wild).setdefault(pattern, _OfOneEvent())

    def meeting(self, pattern: Pattern) -> Iterator["_OfOneEvent"]:
        if not pattern.names.is_exact:
            yield from (same for exact, same in self._exact.items() if pattern.matches(exact.names.head))
        elif same := self._exact.get(pattern):
            yield same
        yield from (same for wild, same in self._wild.items() if wild.meets(pattern))


class _OfOneEvent:
    """Rules that answer to the same, by the paths of which they name values."""

    def __init__(self) -> None:
        self._by_paths: dict[frozenset[str], _OfSamePaths] = defaultdict(_OfSamePaths)

    def add(self, kept: _Kept) -> None:
        self._by_paths[frozenset(kept.named)].add(kept)

    def not_apart(self, named: _Named) -> Iterator[_Kept]:
        """Give rules that answer to an event that these values fit too, the earliest among them."""
        for paths, same in self._by_paths.items():
            for near in same.near(paths & named.keys(), named):
                yield from islice((one for one in near if not one.is_apart(named)), 1)


class _OfSamePaths:
    """Rules that name values of the same paths, by each of these values."""

    def __init__(self) -> None:
        self._all: list[_Kept] = []
        self._naming: dict[tuple[str, Any], list[_Kept]] = defaultdict(list)

    def add(self, kept: _Kept) -> None:
        self._all.append(kept)
        for path, values in kept.named.items():
            for value in values:
                self._naming[path, value].append(kept)

    def near(self, paths: Iterable[str], named: _Named) -> Sequence[Sequence[_Kept]]:
        """Give the rules that name a value as these do, by the path of which the fewest do."""
        by_path = ([self._naming.get((path, value), ()) for value in named[path]] for path in paths)
        return min(by_path, default=[self._all], key=lambda near: sum(map(len, near)))


def _named(when: Mapping[str, Any]) -> _Named:
    return {
        path: frozenset(map(_value, alternatives))
        for path, alternatives in when.items()
        if path != OR and all(map(is_literal, alternatives))
    }


def _value(literal: Any) -> tuple[bool, Any]:
    # A number and the texts that spell it are met by one event; true is not 1.
    number = read_number(literal) if isinstance(literal, str) else None
    return isinstance(literal, bool), literal if number is None else number
