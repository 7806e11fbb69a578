"""Which letters are meant: the same words choose rows of the index and letters in a queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Selectable(Protocol):
    """What a letter is chosen by; an Entry and a Letter are such."""

    @property
    def place(self) -> str: ...  # noqa: D102 - an attribute
    @property
    def letter_id(self) -> str: ...  # noqa: D102 - an attribute
    @property
    def reason(self) -> str: ...  # noqa: D102 - an attribute
    @property
    def fingerprint(self) -> str: ...  # noqa: D102 - an attribute
    @property
    def died_at(self) -> datetime: ...  # noqa: D102 - an attribute


@dataclass(frozen=True, slots=True)
class Selection:
    """Letters for which everything holds that is said here; what is None or empty says nothing."""

    #: A service's slug, `invalid` or `unroutable`.
    place: str | None = None
    #: Found anywhere in the reason, whether in capitals or not (of the letters A to Z).
    reason: str = ""
    died_before: datetime | None = None
    ids: frozenset[str] = frozenset()
    fingerprint: str = ""

    def holds(self, letter: Selectable) -> bool:
        """Judge one letter."""
        return (
            (self.place is None or letter.place == self.place)
            and (not self.ids or letter.letter_id in self.ids)
            and (not self.fingerprint or letter.fingerprint == self.fingerprint)
            and (self.died_before is None or letter.died_at < self.died_before)
            and lowered(self.reason) in lowered(letter.reason)
        )


def lowered(text: str) -> str:
    """Lower the letters A to Z only, as SQLite's `lower` does: the index and the queue must choose alike."""
    return text.translate(_LOWER)


_LOWER = {ord(capital): capital.lower() for capital in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
