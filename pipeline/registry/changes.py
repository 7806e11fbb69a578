"""What applying a document would change: services and rules added, changed and removed, key by key.

A sealed secret is not shown, neither what it was nor what it will be: only whether it is another.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.registry.sealed import is_sealed

#: Stands for every sealed secret.
NOT_SHOWN = "sealed (not shown)"

Kind = Literal["defaults", "service", "rule"]


@dataclass(frozen=True, slots=True)
class Change:
    """One service or rule (or the defaults, whose name is empty) that would be other than before."""

    action: Literal["added", "changed", "removed"]
    kind: Kind
    name: str
    #: Per key in dots, what stood there and what will; None where there was or will be nothing.
    keys: Mapping[str, tuple[Any, Any]]


def changes(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[Change]:
    """Compare two documents; the order of their keys means nothing."""
    before = old or {}
    return [
        *_changes("defaults", _defaults(before), _defaults(new)),
        *_changes("service", before.get("services", {}), new.get("services", {})),
        *_changes("rule", before.get("rules", {}), new.get("rules", {})),
    ]


def _defaults(document: Mapping[str, Any]) -> dict[str, Any]:
    return {"": document["defaults"]} if document.get("defaults") else {}


def _changes(kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = dict(_flat(old.get(name, {}))), dict(_flat(new.get(name, {})))
        keys = {
            key: (_shown(before.get(key)), _shown(after.get(key)))
            for key in [*before, *(key for key in after if key not in before)]
            if _said(before, key) != _said(after, key)
        }
        if name not in new:
            yield Change("removed", kind, name, keys)
        elif name not in old:
            yield Change("added", kind, name, keys)
        elif keys:
            yield Change("changed", kind, name, keys)


def _said(flat: Mapping[str, Any], key: str) -> str | None:
    # As text, since to Python 1 and true are the same, and to a service they are not.
    return json.dumps(flat[key], sort_keys=True) if key in flat else None


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return NOT_SHOWN if is_sealed(value) else value


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from _flat(item, f"{prefix}{key}.")
        else:
            yield prefix + key, item
