"""A slot: a placeholder with its names resolved, ready to be filled."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pipeline.errors import Unrenderable
from pipeline.rules.fault import Fault, Faults, InvalidRule, unknown
from pipeline.rules.templates.envelope import DATA, ENVELOPE, RESERVED, Reading, Scope
from pipeline.rules.templates.filters import FILTERS, Apply
from pipeline.rules.templates.parse import Call, Placeholder, fault_at
from pipeline.rules.templates.path import MISSING, compile_steps
from pipeline.rules.templates.writing import is_nothing

_T = TypeVar("_T")
#: Writes one part of what is rendered; None where the part is left out, and its key with it.
Write = Callable[[Scope], str]
MayWrite = Callable[[Scope], str | None]

_OMIT = "omit"


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value goes: how it is found, and whether its key goes with it when there is none."""

    placeholder: Placeholder
    read: Reading
    omits: bool

    def write(self, escape: Callable[[Any], _T]) -> Callable[[Scope], _T]:
        """Build the function that finds the value and writes it, or raises Unrenderable with its path."""
        read, name = self.read, self.placeholder.path.text

        def write(scope: Scope) -> _T:
            try:
                return escape(read(scope))
            # orjson says TypeError to what is no JSON, a lone surrogate or endless nesting.
            except (Unrenderable, TypeError, UnicodeError) as broken:
                raise Unrenderable(f"{{{{{name}}}}}: {broken}") from None

        return write

    def write_unless_nothing(self, escape: Callable[[Any], str]) -> MayWrite:
        """Build the same for a slot that omits."""
        return self.write(lambda value: None if is_nothing(value) else escape(value))


def compile_slots(placeholders: Iterable[Placeholder], *, text: str, strict: bool) -> list[Slot]:
    """Resolve a template's placeholders; `strict` refuses to render without a value.

    Raises InvalidRule with every unknown name, by line and column.
    """
    faults = Faults()
    slots = [faults.under((), _slot, placeholder, text, strict) for placeholder in placeholders]
    faults.raise_if_any()
    return slots


def _slot(placeholder: Placeholder, text: str, strict: bool) -> Slot:  # noqa: FBT001  passed on by position only
    faults = Faults()
    found = faults.under((), _reading, placeholder, text)
    filters = [faults.under((), _filter, call, text) for call in placeholder.calls]
    faults.under((), _check_repeated, placeholder.calls, text)
    faults.raise_if_any()
    omits = any(call.name == _OMIT for call in placeholder.calls)
    read = _filtered(found, filters)
    return Slot(placeholder, _strict(read) if strict and not omits else read, omits)


def _reading(placeholder: Placeholder, text: str) -> Reading:
    path = placeholder.path
    first, *rest = path.steps
    if path.text in ENVELOPE:
        return ENVELOPE[path.text]
    if first in RESERVED:
        message, hint = unknown("name", path.text, ENVELOPE)
        also = f"; a value of the event's data is {DATA}.{path.text}"
        raise InvalidRule([fault_at(text, placeholder.start, message + also, hint)])
    follow = compile_steps(tuple(rest) if first == DATA else path.steps)
    return lambda scope: follow(scope.event.data)


def _filter(call: Call, text: str) -> Apply:
    if call.name not in FILTERS:
        message, hint = unknown("filter", call.name, FILTERS)
        raise InvalidRule([fault_at(text, call.start, message, hint)])
    known, arguments = FILTERS[call.name], call.arguments
    if not known.least <= len(arguments) <= known.most:
        message = f"filter {call.name}: expected {known.takes()}, in single quotes, found {len(arguments)}"
        raise InvalidRule([fault_at(text, call.start, message)])
    try:
        apply = known.build(*(argument.text for argument in arguments))
    except InvalidRule as wrong:
        raise InvalidRule(_of_argument(fault, call, text) for fault in wrong.faults) from None
    return apply if known.takes_nothing else lambda value: value if is_nothing(value) else apply(value)


def _of_argument(fault: Fault, call: Call, text: str) -> Fault:
    [number] = fault.path
    return fault_at(text, call.arguments[int(number)].start, f"filter {call.name}: {fault.message}", fault.hint)


def _check_repeated(calls: Sequence[Call], text: str) -> None:
    for at, call in enumerate(calls):
        if call.name in FILTERS and FILTERS[call.name].once and call.name in [earlier.name for earlier in calls[:at]]:
            message = f"filter {call.name}: it stands here a second time, expected it once in a placeholder"
            raise InvalidRule([fault_at(text, call.start, message)])


def _filtered(read: Reading, filters: Sequence[Apply]) -> Reading:
    def filtered(scope: Scope) -> Any:
        value = read(scope)
        for apply in filters:
            value = apply(value)
        return value

    return filtered if filters else read


def _strict(read: Reading) -> Reading:
    def strict(scope: Scope) -> Any:
        value = read(scope)
        if value is MISSING:
            raise Unrenderable("the event has no such value, and the rule says missing: error")
        return value

    return strict
