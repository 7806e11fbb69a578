"""What is over the limits of a place's dead letters: pure; `limits.py` drops it.

To find the oldest, a queue is passed over, so that is not done for a single letter: each limit has a slack above it.
By number it is 5 %, and at least one letter; by age 5 %, and at least a minute, at most an hour. Once the slack of
either is used up, both limits are kept to the letter.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.duration import format_duration
from pipeline.registry.protection import DeadLetters

#: A twentieth of a limit is its slack.
_SLACK = 20
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Known:
    """What the index knows of a place."""

    letters: int
    #: When the first of them died.
    oldest: datetime
    #: When the first of the newest died that `max_letters` lets stay; None where all may.
    oldest_to_stay: datetime | None = None


@dataclass(frozen=True, slots=True)
class Excess:
    """Letters that must go: all that died before a time, and so none of whose death no time is known."""

    limits: DeadLetters
    before: datetime
    #: Of those, what died before this is over the age, and the rest over the number.
    too_old: datetime | None

    def is_too_old(self, died_at: datetime) -> bool:
        """Whether one of them goes for its age, however few they are."""
        return self.too_old is not None and died_at < self.too_old

    def why(self, died_at: datetime) -> str:
        """Say over which limit one of them is."""
        if self.limits.max_age and self.is_too_old(died_at):
            return f"older than {format_duration(self.limits.max_age)}"
        return f"more than {self.limits.max_letters:,}"


def excess(limits: DeadLetters, known: Known, now: datetime) -> Excess | None:
    """Judge a place; None where nothing is over its limits, or too little to pass over its queue."""
    if not (_are_many(limits.max_letters, known.letters) or _is_old(limits.max_age, now - known.oldest)):
        return None
    # A limit may be so long that no date lies so far back.
    too_old = now - limits.max_age if limits.max_age and now - known.oldest > limits.max_age else None
    is_over = limits.max_letters is not None and known.letters > limits.max_letters
    cuts = [cut for cut in (too_old, known.oldest_to_stay if is_over else None) if cut]
    # Letters of one moment stay together: none of them is the oldest.
    return Excess(limits, max(cuts), too_old) if cuts and known.oldest < max(cuts) else None


def _are_many(most: int | None, letters: int) -> bool:
    return most is not None and letters - most >= max(1, most / _SLACK)


def _is_old(longest: timedelta | None, age: timedelta) -> bool:
    return longest is not None and age - min(max(longest / _SLACK, _SHORTEST), _LONGEST) > longest
