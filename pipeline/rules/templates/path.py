"""Paths into JSON: `userid`, `other.finalgrade`, `items[0].sku`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

#: What is found where nothing is; null is a value.
MISSING: Final = object()

_NAME = r"""[^\s.,|()\[\]{}'"]+"""
#: A path as text; an index longer than nine digits fits no array.
PATH = re.compile(rf"{_NAME}(?:\.{_NAME}|\[[0-9]{{1,9}}\])*")
_STEP = re.compile(rf"\[([0-9]+)\]|({_NAME})")


@dataclass(frozen=True, slots=True)
class Path:
    """A path: its text, and its names (of objects' members) and numbers (of arrays' elements)."""

    text: str
    steps: tuple[str | int, ...]


def read_path(text: str) -> Path:
    """Read what `PATH` matched."""
    return Path(text, tuple(int(index) if index else name for index, name in _STEP.findall(text)))


def compile_steps(steps: tuple[str | int, ...]) -> Callable[[Any], Any]:
    """Build the function that follows the steps into a value; it gives MISSING where they lead nowhere."""
    known: list[tuple[Any, Any]] = [(dict if isinstance(step, str) else list, step) for step in steps]

    def follow(value: Any) -> Any:
        for container, step in known:
            if not isinstance(value, container):
                return MISSING
            try:
                value = value[step]
            except LookupError:
                return MISSING
        return value

    return follow
