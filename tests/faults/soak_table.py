"""The table of a soak: each process of each role, what it held early, late and at most, and whether it stayed flat."""

from collections.abc import Iterator

from flatness import LEAST, Course, courses, growth
from readings import Readings
from rich.table import Table
from world import ROLES

_COLUMNS = ("role", "process", "from minute", "to", "MB early", "late", "most", "descriptors early", "late", "most", "")


def course_table(readings: Readings) -> Table:
    shown = Table(*_COLUMNS)
    for (role, pid), line in sorted(readings.of.items(), key=lambda item: (ROLES.index(item[0][0]), item[1][0].at_s)):
        grown = list(growth(line))
        told = ", ".join(grown) or ("flat" if len(line) >= LEAST else "too short")
        span = (f"{line[0].at_s / 60:.1f}", f"{line[-1].at_s / 60:.1f}")
        shown.add_row(role, str(pid), *span, *map(str, _cells(*courses(line))), told, style="red" if grown else None)
    return shown


def not_flat(readings: Readings) -> Iterator[str]:
    """In words, each process that grew, and each role of which no process could be judged."""
    for (role, pid), line in readings.of.items():
        yield from (f"{role} (process {pid}) {grown}" for grown in growth(line))
    judged = {role for (role, _), line in readings.of.items() if len(line) >= LEAST}
    yield from (f"no process of {role} lived for {LEAST} readings" for role in ROLES if role not in judged)


def _cells(*both: Course) -> Iterator[str]:
    for course in both:
        yield from (f"{course.before:.0f}", f"{course.after:.0f}", f"{course.most:.0f}")
