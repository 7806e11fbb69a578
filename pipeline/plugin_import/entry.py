"""A service or rule of the file to be, with all there is to say of it; and the notes it is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.plugin_import.place import Place

Section = Literal["services", "rules"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What something meant in the plugin, and what it means here; without a place, it is so of all."""

    where: str
    place: Place | None
    column: str
    there: str
    here: str


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that must hold a secret of the export, which this never repeats."""

    name: str
    place: Place
    column: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A service or rule: its keys, what is written beside them as a comment, and why all of it is one, if it is."""

    section: Section
    name: str
    place: Place
    keys: Mapping[str, Any]
    beside: Mapping[str, Any] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    variables: tuple[Variable, ...] = ()
    #: Why it is commented out; nothing, and it is in force once the file is applied.
    out: tuple[str, ...] = ()


class Notes:
    """Collects what is to be said of an entry while it is made."""

    def __init__(self, section: Section, name: str, place: Place) -> None:
        self.section, self.name, self.place = section, name, place
        self.differences: list[Difference] = []
        self.variables: list[Variable] = []
        self.reasons: list[str] = []
        #: Keys that go into comments.
        self.beside: dict[str, Any] = {}

    def say(self, column: str, there: str, here: str) -> None:
        """Note a difference."""
        self.differences.append(Difference(f"{self.section}.{self.name}", self.place, column, there, here))

    def out(self, reason: str) -> None:
        """Note why the entry cannot be in force."""
        self.reasons.append(reason)

    def secret(self, variable: str, column: str) -> str:
        """Note that a variable must be set, and refer to it."""
        self.variables.append(Variable(variable, self.place, column))
        return f"env:{variable}"

    def entry(self, keys: Mapping[str, Any]) -> Entry:
        """Close the notes."""
        return Entry(
            self.section,
            self.name,
            self.place,
            keys,
            self.beside,
            tuple(self.differences),
            tuple(self.variables),
            tuple(self.reasons),
        )
