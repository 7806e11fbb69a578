"""What processes cost, as Linux counts it in /proc: their own and what they started."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Spent:
    """Since each of the processes began."""

    cpu_s: float = 0.0
    written_bytes: int = 0

    def since(self, earlier: "Spent") -> "Spent":
        return Spent(self.cpu_s - earlier.cpu_s, self.written_bytes - earlier.written_bytes)


def with_offspring(pids: Iterable[int]) -> list[int]:
    """These, and all that they and theirs started and that still runs."""
    parents = {}
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int(_stat(int(folder.name))[1])
    family = list(pids)
    for pid in family:  # it grows meanwhile
        family += [child for child, parent in parents.items() if parent == pid]
    return family


def spent_by(pids: Iterable[int]) -> Spent:
    """What these have spent so far."""
    cpu_s, written = 0.0, 0
    for pid in pids:
        with suppress(OSError):
            user, system = _stat(pid)[11:13]
            cpu_s += (int(user) + int(system)) / _TICKS
            written += _value(pid, "io", "write_bytes")
    return Spent(cpu_s, written)


def most_held(pids: Iterable[int]) -> list[int]:
    """Bytes of memory that each of them ever held at once."""
    return [_value(pid, "status", "VmHWM") * _KIB for pid in pids]


def held(pids: Iterable[int]) -> list[int]:
    """Bytes of memory that each of them holds now."""
    return [_value(pid, "status", "VmRSS") * _KIB for pid in pids]


def _stat(pid: int) -> list[str]:
    # The second field is the program's name in brackets, which may hold anything.
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _value(pid: int, page: str, name: str) -> int:
    for line in (_PROC / str(pid) / page).read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    return 0
