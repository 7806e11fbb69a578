"""What `mih plan` and `mih apply` share: reading files against what is in force, and showing what would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape

from pipeline.attempt.guard import Guard
from pipeline.attempt.transports import SCHEMAS
from pipeline.catalogue import CatalogueStore, Unseen, unseen_names
from pipeline.cli.output import console, print_table
from pipeline.errors import DatabaseMissing, Unavailable
from pipeline.registry import Change, Finding, Reading, RevisionStore, Sealing, changes, read_paths
from pipeline.registry.changes import NOT_SHOWN
from pipeline.registry.references import secret_keys
from pipeline.registry.sealing import resealed
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Planned:
    """Files that were read, and how they differ from the revision in force."""

    base: int
    reading: Reading
    changes: Sequence[Change]
    warnings: Sequence[Finding]

    def as_mapping(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "revision": self.base,
            "changes": self.changes,
            "warnings": [str(warning) for warning in self.warnings],
        }


async def plan_files(store: RevisionStore, paths: Sequence[Path], settings: Settings) -> Planned:
    """Read the files and compare.

    Raises Misconfigured with every error in them, and Unavailable when the database is away.
    """
    try:
        base = await store.latest_number()
    except DatabaseMissing:
        base = 0
    old: Mapping[str, Any] = await store.load(base) if base else {}
    keys = secret_keys(settings.secret_keys.get_secret_value())
    reading = read_paths(
        paths, SCHEMAS, check_destination=Guard(settings.allowed_networks).check_written, sealing=Sealing(keys, old)
    )
    unseen = await _unseen(reading, settings.effective_database_url())
    changed = changes(old, reading.document)
    if changed and keys:
        # A rotation that ends before this is applied must not be followed by a revision that needs an older key.
        resealed(reading.document, keys)
    return Planned(base, reading, changed, (*reading.warnings, *unseen))


async def _unseen(reading: Reading, database_url: str) -> list[Finding]:
    """Tell the names that no event has had; nothing where the catalogue cannot be asked, for nothing depends on it."""
    try:
        async with CatalogueStore.open(database_url) as catalogue:
            seen = await catalogue.names()
    except Unavailable:
        return []
    return [_finding(reading, unseen) for unseen in unseen_names(reading.registry.rules, seen)]


def _finding(reading: Reading, unseen: Unseen) -> Finding:
    path = ("rules", unseen.rule)
    place = reading.place(path)
    return Finding(place.file, place.line, path, str(unseen))


def show_planned(planned: Planned) -> None:
    """Print the warnings and the changes."""
    for warning in planned.warnings:
        console.print("[yellow]warning[/]", escape(str(warning)), highlight=False, soft_wrap=True)
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
    return "\n".join(f"{key}: {_became(old, new)}" for key, (old, new) in change.keys.items())


def _became(old: Any, new: Any) -> str:
    is_secret = NOT_SHOWN in str(old) and str(old) == str(new)
    return "changed (not shown)" if is_secret else f"{_said(old)} → {_said(new)}"


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)
