"""A service of the plugin to a service of ours."""

import re
from typing import Any

from pipeline.plugin_import.amqp_service import amqp_keys
from pipeline.plugin_import.entry import Entry, Notes
from pipeline.plugin_import.limits import limits
from pipeline.plugin_import.rest_service import rest_keys, soap_keys
from pipeline.plugin_import.rows import PluginService


def service_entry(service: PluginService, slug: str) -> Entry:
    """Convert a service; `slug` is its name here."""
    notes = Notes("services", slug, service.place)
    keys: dict[str, Any] = {}
    if slug != service.name:
        keys["description"] = service.name
        notes.say("name", f"{service.name}", f"{slug}, for a slug is made of a-z, 0-9 and -, and stands once")
    keys |= _own_keys(service, notes)
    keys |= limits(service, notes)
    if service.response_queue:
        notes.say("response_queue", "answers were read from a queue", "left out: nothing is read back")
    if not service.is_enabled:
        notes.out("it was switched off there (enabled is 0)")
    return notes.entry(keys)


def kind_of(service: PluginService) -> str:
    """How it is spoken to: what the plugin did not know, it took for REST."""
    return service.type if service.type in ("amqp", "soap") else "rest"


def _own_keys(service: PluginService, notes: Notes) -> dict[str, Any]:
    match kind_of(service):
        case "amqp":
            return amqp_keys(service, notes)
        case "soap":
            return soap_keys(service, notes)
    if service.type != "rest":
        # Anything may stand in a column that nobody checked.
        word = service.type if re.fullmatch("[a-z]{1,10}", service.type) else "another word"
        notes.say("type", f"{word}, none of rest, amqp and soap: was served as REST", "rest")
    return rest_keys(service, notes)
