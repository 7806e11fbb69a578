"""What stands in files becomes what is stored: each secret sealed for its place, or kept where it is the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import Misconfigured
from pipeline.registry.examine import Transports, examine
from pipeline.registry.findings import Path
from pipeline.registry.references import IN_CLEAR
from pipeline.registry.sealed import is_sealed, key_of, place_of, seal, texts, unseal
from pipeline.rules import Fault
from pipeline.secret_keys import SecretKeys


@dataclass(frozen=True, slots=True)
class Sealing:
    """The keys at hand, and the document in force, whose sealed secrets are kept where they are the same."""

    keys: SecretKeys
    stored: Mapping[str, Any]

    def seal(self, document: dict[str, Any], transports: Transports) -> list[Fault]:
        """Seal, in place, what stands in clear; tells which sealed secrets do not open where they stand."""
        if self.keys:
            # By the services alone, for to read thousands of rules takes long, and they have no secrets.
            faults = examine({**document, "rules": {}}, transports).faults
            for path in {fault.path for fault in faults if fault.message == IN_CLEAR}:
                self._put(document, path, _at(document, path))
        refused = []
        for path, text in sealed_in(document):
            try:
                self._put(document, path, unseal(text, place_of(path), self.keys))
            except Misconfigured as closed:
                refused.append(Fault(path, str(closed)))
        return refused

    def _put(self, document: dict[str, Any], path: Path, secret: str) -> None:
        stored, written, place = _at(self.stored, path), _at(document, path), place_of(path)
        if self._says(stored, place, secret):
            text = stored
        elif is_sealed(written) and key_of(written) == next(iter(self.keys)):
            text = written
        else:
            text = seal(secret, place, self.keys)
        _at(document, path[:-1])[path[-1]] = text

    def _says(self, stored: Any, place: str, secret: str) -> bool:
        try:
            return is_sealed(stored) and unseal(stored, place, self.keys) == secret
        except Misconfigured:
            return False


def resealed(document: Mapping[str, Any], keys: SecretKeys) -> tuple[int, list[str]]:
    """Seal anew, in place, what an older key sealed: how many, and what is wrong with those that do not open."""
    newest = next(iter(keys))
    count, closed = 0, []
    for path, text in sealed_in(document):
        if key_of(text) == newest:
            continue
        try:
            _at(document, path[:-1])[path[-1]] = seal(unseal(text, place_of(path), keys), place_of(path), keys)
            count += 1
        except Misconfigured as wrong:
            closed.append(str(wrong))
    return count, closed


def sealed_in(document: Mapping[str, Any]) -> list[tuple[Path, str]]:
    """The sealed secrets of a document; a rule can have none."""
    found = texts(document.get("services") or {}, ("services",))
    return [(path, text) for path, text in found if is_sealed(text)]


def _at(document: Any, path: Path) -> Any:
    """What stands at a path; None where there is nothing."""
    try:
        for key in path:
            document = document[key]
    except (KeyError, IndexError, TypeError):
        return None
    return document
