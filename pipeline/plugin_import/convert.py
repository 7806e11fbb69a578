"""An export to the registry file that says the same, and all that it does not: pure, from rows to text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.plugin_import.entry import Difference, Entry, Section, Variable
from pipeline.plugin_import.general import GENERAL
from pipeline.plugin_import.hide import blanked, secrets_of, without_secrets
from pipeline.plugin_import.judge import judge_rule, judge_service
from pipeline.plugin_import.naming import rule_name_for, slug_for
from pipeline.plugin_import.rows import PluginRule, PluginService, read_rows
from pipeline.plugin_import.rule_entry import rule_entry
from pipeline.plugin_import.service_entry import service_entry
from pipeline.plugin_import.tables import Tables
from pipeline.registry.examine import CheckDestination, Transports


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of an export: entries in the plugin's order, those in force and those commented out."""

    files: tuple[str, ...]
    entries: tuple[Entry, ...]
    #: What is so of all, and what of the export was left aside.
    general: tuple[Difference, ...]

    @property
    def document(self) -> dict[str, Any]:
        """The registry as it is in force once the file is applied."""
        sections: tuple[Section, ...] = ("services", "rules")
        found = {section: {one.name: dict(one.keys) for one in self.of(section) if not one.out} for section in sections}
        return {"version": 1, **{section: entries for section, entries in found.items() if entries}}

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All that is other here."""
        return self.general + tuple(difference for entry in self.entries for difference in entry.differences)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The environment variables to be set."""
        return tuple(variable for entry in self.entries for variable in entry.variables)

    def of(self, section: Section) -> Sequence[Entry]:
        """The entries of a section."""
        return [entry for entry in self.entries if entry.section == section]


def import_tables(
    tables: Tables, transports: Transports, *, check_destination: CheckDestination = lambda _: None
) -> Imported:
    """Convert an export for the transports that there are.

    Raises PluginErrors with everything that is wrong in its rows.
    """
    services, rules = read_rows(tables)
    secrets = secrets_of(services, rules)
    slugs = _slugs(services, secrets)
    entries = {
        service.id: judge_service(
            without_secrets(service_entry(service, slugs[service.id]), secrets), transports, check_destination
        )
        for service in services
    }
    rule_entries = [
        judge_rule(without_secrets(entry, secrets), entries.get(rule.serviceid), transports)
        for rule, entry in zip(rules, _rule_entries(rules, services, slugs, secrets), strict=True)
    ]
    aside = (
        Difference("everything", place, "", "stands in the export", f"left aside: {why}")
        for place, why in tables.left_aside
    )
    return Imported(tables.files, (*entries.values(), *rule_entries), (*GENERAL, *aside))


def _slugs(services: Sequence[PluginService], secrets: Sequence[str]) -> dict[int, str]:
    slugs: dict[int, str] = {}
    for service in services:
        slugs[service.id] = slug_for(blanked(service.name, secrets), slugs.values())
    return slugs


def _rule_entries(
    rules: Sequence[PluginRule], services: Sequence[PluginService], slugs: Mapping[int, str], secrets: Sequence[str]
) -> Sequence[Entry]:
    by_id = {service.id: service for service in services}
    entries: dict[str, Entry] = {}
    for rule in rules:
        slug = slugs.get(rule.serviceid, "unknown")
        name = rule_name_for(blanked(rule.eventname, secrets), slug, entries)
        entries[name] = rule_entry(rule, name, slug, by_id.get(rule.serviceid))
    return list(entries.values())
