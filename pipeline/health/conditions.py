"""Conditions: what must hold for a role to do its work, each said by the part that knows, for as long as it lives.

Whoever needs a queue consumed, a connection or a registry says so where that is done, so that a new role cannot forget
it. Nothing is remembered: a condition is asked whenever somebody wants to know, also from another thread while the
event loop is blocked, so it may only look at what is in memory.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

#: Gives what is wrong, or nothing.
Trouble = Callable[[], str]


@dataclass(frozen=True, slots=True, eq=False)
class _Condition:
    trouble: Trouble
    is_vital: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a role stands: what keeps it from working, and what it goes on without."""

    missing: tuple[str, ...]
    impaired: tuple[str, ...]


#: Of this process.
_in_force: set[_Condition] = set()


@contextlib.contextmanager
def condition(trouble: Trouble, *, is_vital: bool = True) -> Iterator[Callable[[], None]]:
    """Have this asked while inside, or until what is given is called; without what is not vital the role works on."""
    _in_force.add(one := _Condition(trouble, is_vital))
    try:
        yield lambda: _in_force.discard(one)
    finally:
        _in_force.discard(one)


def standing() -> Standing:
    """Ask all."""
    said = sorted((told, one.is_vital) for one in tuple(_in_force) if (told := one.trouble()))
    vital = tuple(told for told, is_vital in said if is_vital)
    return Standing(vital, tuple(told for told, is_vital in said if not is_vital))
