"""What a walk may do with a letter, and what it did so far."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from pipeline.broker import Incoming, Outgoing

#: Reasons that are told apart; there may be as many as there are letters.
_REASONS = 20
OTHER_REASONS = "other reasons"


@dataclass(frozen=True, slots=True)
class Send:
    """It goes on its way as this message."""

    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Drop:
    """It ends here."""


@dataclass(frozen=True, slots=True)
class Keep:
    """It stays; `reason` says why, where it was chosen."""

    reason: str = ""


Decision = Send | Drop | Keep
Decide = Callable[[Incoming], Awaitable[Decision]]


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk did so far."""

    #: Letters that were there at its start.
    depth: int
    sent: int = 0
    dropped: int = 0
    kept: int = 0
    #: Dropped as well: the same letter, with the same body, was there twice.
    repeats: int = 0
    #: Letters that were chosen and are still there, by the reason.
    stayed: Mapping[str, int] = field(default_factory=dict)
    #: It was told to end before it had met every letter.
    interrupted: bool = False
    #: It waits until what is sent may come.
    waiting: bool = False

    @property
    def met(self) -> int:
        """Letters that are done with."""
        return self.sent + self.dropped + self.kept + self.repeats + sum(self.stayed.values())

    def and_kept(self, reason: str) -> "Walked":
        """One letter more that is still there."""
        if not reason:
            return replace(self, kept=self.kept + 1)
        told = reason if reason in self.stayed or len(self.stayed) < _REASONS else OTHER_REASONS
        return replace(self, stayed={**self.stayed, told: self.stayed.get(told, 0) + 1})
