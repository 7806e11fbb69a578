"""What is wrong in the registry's files: one line each, with file, line, key and what was expected, all at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.errors import Misconfigured

#: The keys that lead from the top of the document to a value: `("rules", "enrol", "when", "courseid", 0)`.
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth a warning; `line` counts from 1 and is 0 where there is no text."""

    file: str
    line: int
    path: Path
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, dotted(self.path), self.message) if part)


class RegistryErrors(Misconfigured):
    """Everything that is wrong in a registry document; as text, one line each."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(findings, key=lambda found: (found.file, found.line)))
        super().__init__("\n".join(map(str, self.findings)))


def dotted(path: Path) -> str:
    """Write a path as people do: `rules.enrol.when.courseid[0]`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
