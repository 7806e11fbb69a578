"""Conditions: a mapping of dotted paths into an event's data to alternatives, compiled once.

All paths must hold; a path holds when any of its alternatives is true of what is found there. Where a path meets an
array it goes on into every element: any of them may do.

    when:
      objectid: [5, 6]                        # is 5, or is 6
      other.finalgrade: [{numeric: [">=", 50]}]
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.rules.fault import Faults, invalid, kind, rooted
from pipeline.rules.operators import Verdict, any_of, compile_operator, equals_any, is_literal

#: Whether an event's data fulfils a rule's conditions.
Condition = Callable[[Any], bool]


def compile_condition(when: Mapping[str, Any] | None) -> Condition:
    """Compile a rule's `when`; without one, every event will do.

    Raises InvalidRule with all that is wrong, each fault's path leading from `when`.
    """
    if not isinstance(when or {}, Mapping):
        raise invalid(f"expected a mapping of paths to lists, such as {{courseid: [7]}}, found {kind(when)}")
    faults = Faults()
    clauses = [faults.under((path,), _clause, path, alternatives) for path, alternatives in (when or {}).items()]
    faults.raise_if_any()
    return _all(clauses)


def _all(clauses: Sequence[Condition]) -> Condition:
    def holds(data: Any) -> bool:
        for clause in clauses:  # noqa: SIM110  see any_of
            if not clause(data):
                return False
        return True

    return holds


def _clause(path: Any, alternatives: Any) -> Condition:
    if not isinstance(path, str) or not all(steps := path.split(".")):
        raise invalid("expected names with dots between them, such as other.itemid")
    values_at, verdicts = _finder(steps), _verdicts(alternatives)

    def holds(data: Any) -> bool:
        values = values_at(data)
        for verdict in verdicts:  # noqa: SIM110  see any_of
            if verdict(values):
                return True
        return False

    return holds


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
    return rooted((str(name),), compile_operator, str(name), argument)


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
