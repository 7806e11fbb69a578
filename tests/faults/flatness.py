"""Whether a process stays flat: a rule over what was read of its memory and descriptors. No clock, no I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

#: Readings below which a process lived too shortly to be judged.
LEAST = 12
#: What may be added to a fifth more: allocators and pools come to rest slowly.
_SPARE = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """What one process held at one moment."""

    at_s: float
    megabytes: float
    descriptors: int


@dataclass(frozen=True, slots=True)
class Course:
    """A quantity in the second sixth of the readings, in their last third, and at most."""

    before: float
    after: float
    most: float

    @property
    def is_flat(self) -> bool:
        return self.after <= 1.2 * self.before + _SPARE


def courses(readings: Sequence[Reading]) -> tuple[Course, Course]:
    """Of memory in MB, and of descriptors; the first sixth, in which everything is opened, counts only for the most."""
    return _course([one.megabytes for one in readings]), _course([one.descriptors for one in readings])


def growth(readings: Sequence[Reading]) -> Iterator[str]:
    """In words, what is not flat; nothing is said of who lived too shortly."""
    if len(readings) < LEAST:
        return
    for what, course in zip(("MB", "descriptors"), courses(readings), strict=True):
        if not course.is_flat:
            yield f"grew from {course.before:.0f} to {course.after:.0f} {what}"


def _course(values: Sequence[float]) -> Course:
    count = len(values)
    return Course(
        median(values[count // 6 : max(count // 3, 1)] or values), median(values[-(count // 3) or -1 :]), max(values)
    )
