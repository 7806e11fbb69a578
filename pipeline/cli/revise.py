"""What `mih plan` and `mih apply` share: reading files against what is in force, and showing what would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.attempt.guard import Guard
from pipeline.attempt.transports import SCHEMAS
from pipeline.cli.output import console, print_table
from pipeline.registry import Change, Reading, RevisionStore, changes, read_paths
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Planned:
    """Files that were read, and how they differ from the revision in force."""

    base: int
    reading: Reading
    changes: Sequence[Change]

    def as_mapping(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "revision": self.base,
            "changes": self.changes,
            "warnings": [str(warning) for warning in self.reading.warnings],
        }


async def plan_files(store: RevisionStore, paths: Sequence[Path], settings: Settings) -> Planned:
    """Read the files and compare.

    Raises Misconfigured with every error in them, and Unavailable when the database is away.
    """
    reading = read_paths(paths, SCHEMAS, check_destination=Guard(settings.allowed_networks).check_written)
    base = await store.latest_number()
    old: Mapping[str, Any] | None = await store.load(base) if base else None
    return Planned(base, reading, changes(old, reading.document))


def show_planned(planned: Planned) -> None:
    """Print the warnings and the changes."""
    for warning in planned.reading.warnings:
        console.print("[yellow]warning[/]", str(warning), highlight=False, soft_wrap=True)
    if planned.changes:
        print_table(
            f"Changes to revision {planned.base}",
            ("change", "what", "name", "keys"),
            [(change.action, change.kind, change.name, _keys(change)) for change in planned.changes],
        )
    else:
        console.print(f"Nothing to change: revision {planned.base} says the same.")


def _keys(change: Change) -> str:
    if change.action != "changed":
        return ""
    return "\n".join(f"{key}: {_said(old)} → {_said(new)}" for key, (old, new) in change.keys.items())


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)
