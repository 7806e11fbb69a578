"""The registry as the stages use it: one revision, read and compiled, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pipeline.registry.examine import Examined, Transports, examine
from pipeline.registry.findings import Finding, RegistryErrors
from pipeline.registry.model import ServiceBase
from pipeline.rules import CompiledRule, RuleIndex


@dataclass(frozen=True, slots=True)
class Registry:
    """Services by slug, rules, and those by event, as revision `revision` has them; 0 is one that was not applied."""

    revision: int
    services: Mapping[str, ServiceBase]
    rules: tuple[CompiledRule, ...]
    index: RuleIndex


def compile_registry(document: Mapping[str, Any], revision: int, transports: Transports) -> Registry:
    """Compile a stored document.

    Raises RegistryErrors with all that this MIH cannot read in it.
    """
    examined = examine(document, transports)
    if examined.faults:
        file = f"revision {revision}"
        raise RegistryErrors(Finding(file, 0, (), str(fault)) for fault in examined.faults)
    return assemble(examined, revision)


def assemble(examined: Examined, revision: int) -> Registry:
    """Put together what was found to be right."""
    rules = tuple(examined.rules)
    return Registry(revision, MappingProxyType(examined.services), rules, RuleIndex(rules))
