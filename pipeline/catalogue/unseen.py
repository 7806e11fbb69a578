"""Which names a rule reads that no event of its types has had so far: most often a name that is misspelt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from pipeline.catalogue.shape import MAX_NAME_LENGTH, MAX_NAMES
from pipeline.rules import CompiledRule
from pipeline.rules.pattern import bare_name


@dataclass(frozen=True, slots=True)
class Unseen:
    """A name that a rule reads and no event of these types has had; `near` is a name like it that they had."""

    rule: str
    name: str
    types: tuple[str, ...]
    near: str | None

    def __str__(self) -> str:
        types = self.types[0] if len(self.types) == 1 else f"the {len(self.types)} types that it answers to"
        question = f" (did you mean {self.near}?)" if self.near else ""
        return f"no event of {types} has had {self.name} so far{question}"


def unseen_names(rules: Iterable[CompiledRule], seen: Mapping[str, frozenset[str]]) -> list[Unseen]:
    """Compare the names that rules read with those that each type seen has had.

    A rule of whose types none was seen says nothing wrong yet, nor does one of types with more names than are kept.
    """
    return [unseen for rule in rules for unseen in _unseen_of(rule, seen)]


def _unseen_of(rule: CompiledRule, seen: Mapping[str, frozenset[str]]) -> list[Unseen]:
    types = tuple(sorted(event_type for event_type in seen if rule.pattern.matches(bare_name(event_type))))
    if not types or any(len(seen[event_type]) >= MAX_NAMES for event_type in types):
        return []
    had = frozenset[str]().union(*(seen[event_type] for event_type in types))
    return [
        Unseen(rule.name, name, types, _near(name, had))
        for name in sorted(rule.names - had)
        if len(name) <= MAX_NAME_LENGTH
    ]


def _near(name: str, had: frozenset[str]) -> str | None:
    # Case and order first: `relatedUserId` is nearer to `relateduserid` than their letters say.
    folded = {known.casefold(): known for known in sorted(had)}
    near = get_close_matches(name.casefold(), folded, n=1)
    return folded[near[0]] if near else None
