"""Conditions: a mapping of dotted paths into an event's data to alternatives, compiled once.

All paths must hold; a path holds when any of its alternatives is true of what is found there. Where a path meets an
array it goes on into every element: any of them may do. Under `$or` stand whole mappings, of which one must hold.

    when:
      objectid: [5, 6]                        # is 5, or is 6
      other.finalgrade: [{numeric: [">=", 50]}]
      $or: [{courseid: [7]}, {userid: [2]}]

Source: Amazon EventBridge, event pattern content filtering; here with dots where it nests objects.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.rules.explained import Explained
from pipeline.rules.fault import Faults, invalid, kind
from pipeline.rules.literals import equals_any, is_literal
from pipeline.rules.operators import Verdict, any_of, compile_operator

OR = "$or"
#: What people write who look for it.
_NEARLY_OR = frozenset({"or", "$and", "and", "$not", "not", "any", "$any"})


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """A path, and what may be there."""

    path: str
    alternatives: Sequence[Any]
    values_at: Callable[[Any], Sequence[Any]]
    holds: Callable[[Any], bool]

    @property
    def paths(self) -> frozenset[str]:
        return frozenset({self.path})

    def explain(self, data: Any) -> Explained:
        return Explained(self.path, _json(self.alternatives), tuple(self.values_at(data)), self.holds(data))


@dataclass(frozen=True, slots=True, eq=False)
class _Or:
    """Conditions of which one must hold."""

    written: Sequence[Any]
    branches: Sequence["Condition"]

    @property
    def paths(self) -> frozenset[str]:
        return frozenset().union(*(branch.paths for branch in self.branches))

    def holds(self, data: Any) -> bool:
        return any(branch(data) for branch in self.branches)

    def explain(self, data: Any) -> Explained:
        branches = tuple(branch.explain(data) for branch in self.branches)
        return Explained(OR, _json(self.written), (), self.holds(data), branches)


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """Whether an event's data fulfils a rule's `when`."""

    lines: Sequence[_Line | _Or]
    #: Of each line, bound once: an event is asked by them alone.
    _tests: Sequence[Callable[[Any], bool]]

    @property
    def paths(self) -> frozenset[str]:
        """Every path that is asked for, in dots."""
        return frozenset().union(*(line.paths for line in self.lines))

    def __call__(self, data: Any) -> bool:
        """Whether all lines hold."""
        for holds in self._tests:  # noqa: SIM110  see any_of
            if not holds(data):
                return False
        return True

    def explain(self, data: Any) -> tuple[Explained, ...]:
        """Tell each line's verdict; they all hold exactly when the condition does."""
        return tuple(line.explain(data) for line in self.lines)


def compile_condition(when: Mapping[str, Any] | None) -> Condition:
    """Compile a rule's `when`; without one, every event will do.

    Raises InvalidRule with all that is wrong, each fault's path leading from `when`.
    """
    if not isinstance(when or {}, Mapping):
        raise invalid(f"expected a mapping of paths to lists, such as {{courseid: [7]}}, found {kind(when)}")
    faults = Faults()
    lines = [faults.under((path,), _line, path, alternatives) for path, alternatives in (when or {}).items()]
    faults.raise_if_any()
    return Condition(lines, [line.holds for line in lines])


def _line(path: Any, alternatives: Any) -> _Line | _Or:
    if path == OR:
        return _or(alternatives)
    if isinstance(path, str) and (path in _NEARLY_OR or path.startswith("$")) and not _is_plain(alternatives):
        raise invalid(f"expected a name, or {OR} and a list of conditions; all lines of when must hold anyhow", hint=OR)
    if not isinstance(path, str) or not all(steps := path.split(".")):
        raise invalid("expected names with dots between them, such as other.itemid")
    values_at, verdicts = _finder(steps), _verdicts(alternatives)

    def holds(data: Any) -> bool:
        values = values_at(data)
        for verdict in verdicts:  # noqa: SIM110  see any_of
            if verdict(values):
                return True
        return False

    return _Line(path, alternatives, values_at, holds)


def _is_plain(alternatives: Any) -> bool:
    return isinstance(alternatives, list) and all(map(is_literal, alternatives))


def _or(branches: Any) -> _Or:
    if not isinstance(branches, list) or not branches:
        raise invalid(
            f"expected a list of conditions, such as [{{courseid: [7]}}, {{userid: [2]}}], found {kind(branches)}"
        )
    faults = Faults()
    compiled = [faults.under((at,), _branch, branch) for at, branch in enumerate(branches)]
    faults.raise_if_any()
    return _Or(branches, compiled)


def _branch(branch: Any) -> Condition:
    if not isinstance(branch, Mapping) or not branch:
        raise invalid(f"expected a mapping of paths to lists, such as {{courseid: [7]}}, found {kind(branch)}")
    return compile_condition(branch)


def _verdicts(alternatives: Any) -> list[Verdict]:
    if isinstance(alternatives, Mapping):
        raise invalid("expected a list, such as [5] or [{prefix: a}]; deeper names are written with dots, other.itemid")
    if not isinstance(alternatives, list) or not alternatives:
        raise invalid(f"expected a list of at least one value, such as [5], found {kind(alternatives)}")
    faults = Faults()
    literals = [value for value in alternatives if is_literal(value)]
    verdicts = [any_of(equals_any(literals))] if literals else []
    verdicts += [
        faults.under((at,), _operator, alternative)
        for at, alternative in enumerate(alternatives)
        if not is_literal(alternative)
    ]
    faults.raise_if_any()
    return verdicts


def _operator(alternative: Any) -> Verdict:
    if not isinstance(alternative, Mapping) or len(alternative) != 1:
        raise invalid("expected a text, a number, true, false, null, or a mapping of one operator, such as {prefix: a}")
    [(name, argument)] = alternative.items()
    return compile_operator(str(name), argument)


def _finder(steps: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    def values_at(data: Any) -> Sequence[Any]:
        value = data
        for done, step in enumerate(steps):
            if isinstance(value, list):
                return _in_elements(value, steps[done:])
            if not isinstance(value, dict) or step not in value:
                return ()
            value = value[step]
        return _elements(value) if isinstance(value, list) else (value,)

    return values_at


def _in_elements(array: list[Any], steps: Sequence[str]) -> list[Any]:
    found = _elements(array)
    for step in steps:
        found = _elements([value[step] for value in found if isinstance(value, dict) and step in value])
    return found


def _elements(array: list[Any]) -> list[Any]:
    # Not recursive: an event may nest arrays deeper than Python calls.
    found: list[Any] = []
    waiting = [array]
    while waiting:
        for value in waiting.pop():
            (waiting if isinstance(value, list) else found).append(value)
    return found


def _json(written: Any) -> str:
    return json.dumps(written, ensure_ascii=False, separators=(",", ":"))
