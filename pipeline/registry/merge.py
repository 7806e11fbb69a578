"""Several files to one document: sections grow together, and a name may stand in one file only."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pipeline.registry.findings import Finding, Path
from pipeline.registry.yaml_text import Place, YamlText
from pipeline.rules import Fault


@dataclass(frozen=True, slots=True)
class Merged:
    """One document, where each path in it is written, and what is wrong so far."""

    document: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def find(self, fault: Fault) -> None:
        """Note a fault where its path is written, or at that line of the text there."""
        place = self.place(fault.path)
        # In a block the file's line is the text's; elsewhere a text of several lines stands in one.
        line = f"line {fault.line}, " if place.block is None and fault.line != 1 else ""
        column = f"{line}column {fault.column}: " if fault.line else ""
        self.findings.append(Finding(place.file, place.within(fault.line), fault.path, column + fault.message))

    def place(self, path: Path) -> Place:
        """Where a path is written, or else what it would belong to."""
        return self.places[next(path[:end] for end in range(len(path), -1, -1) if path[:end] in self.places)]


def merge(texts: Iterable[YamlText]) -> Merged:
    """Put the data of files together; each must be a mapping."""
    merged = Merged()
    for text in texts:
        root = text.places[()]
        if "version" not in text.data:
            merged.findings.append(Finding(root.file, root.line, ("version",), "is missing"))
        for key, value in text.data.items():
            _merge_section(merged, text, key, value)
        for path, place in text.places.items():
            merged.places.setdefault(path, place)
    return merged


def _merge_section(merged: Merged, text: YamlText, key: str, value: Any) -> None:
    known = merged.document.setdefault(key, {} if isinstance(value, dict) else value)
    if not isinstance(known, dict) or not isinstance(value, dict):
        if known != value:
            _refuse(merged, text, (key,))
        return
    for name, item in value.items():
        if name in known:
            _refuse(merged, text, (key, name))
        else:
            known[name] = item


def _refuse(merged: Merged, text: YamlText, path: Path) -> None:
    here, first = text.places[path], merged.places[path]
    message = f"found twice, first in {first.file}:{first.line}, expected once"
    merged.findings.append(Finding(here.file, here.line, path, message))
