"""A rule of the plugin to a rule of ours."""

import re
from typing import Any

from pipeline.plugin_import.amqp_service import default_routing_key
from pipeline.plugin_import.body import body_keys
from pipeline.plugin_import.entry import Entry, Notes
from pipeline.plugin_import.rows import PluginRule, PluginService
from pipeline.plugin_import.service_entry import kind_of

#: What a PHP class is called, with the backslash in front that Moodle's events have.
_CLASS = re.compile(r"(?:\\[A-Za-z_][A-Za-z0-9_]*)+")
_OWN_EVENTS = "\\local_integrationhub\\"


def rule_entry(rule: PluginRule, name: str, slug: str, service: PluginService | None) -> Entry:
    """Convert a rule; `name` and `slug` are its own and its service's names here."""
    notes = Notes("rules", name, rule.place)
    _note_event(rule.eventname, notes)
    if service is None:
        notes.out(f"there is no service with the id {rule.serviceid}: the plugin let such events pass")
    if not rule.is_enabled:
        notes.out("it was switched off there (enabled is 0)")
    return notes.entry({"event": rule.eventname, "service": slug, **_request(rule, service, notes)})


def _request(rule: PluginRule, service: PluginService | None, notes: Notes) -> dict[str, Any]:
    base_url = service.base_url if service else ""
    match kind_of(service) if service else "rest":
        case "amqp":
            send = {"routing_key": _word(rule.endpoint, notes) or default_routing_key(base_url)}
        case "soap":
            notes.say(
                "payload_template", "the payload was the one argument of the operation", "its keys are parameters"
            )
            send = {"operation": _word(rule.endpoint, notes)}
        case _:
            send = {"method": rule.http_method} | _path(rule.endpoint, base_url, notes)
            body = body_keys(rule.http_method, rule.payload_template, notes)
            return {"send": send | body.pop("send", {}), **body}
    return {"send": send, **body_keys("POST", rule.payload_template, notes)}


def _note_event(event: str, notes: Notes) -> None:
    if not _CLASS.fullmatch(event):
        notes.out(
            r"eventname is no event's class with its leading backslash, such as \core\event\user_created, so no event "
            "was ever equal to it; here a leading backslash may be missing, and * fits anything"
        )
    elif event.startswith(_OWN_EVENTS):
        notes.say("eventname", "an event of the plugin itself", "comes only for as long as the plugin sends it")


def _word(endpoint: str, notes: Notes) -> str:
    """A routing key or the name of an operation."""
    if "{{" in endpoint:
        notes.out("the endpoint holds {{, which was sent as it stands, and here would be a placeholder")
    return endpoint.lstrip("/")


def _path(endpoint: str, base_url: str, notes: Notes) -> dict[str, str]:
    """The path of an endpoint: the plugin put exactly one slash between it and the address."""
    if "?" in base_url and not endpoint.strip("/"):
        # Behind a query, that slash was none of the path.
        return {}
    path, mark, _ = ("/" + endpoint.lstrip("/")).partition("#")
    if mark:
        notes.say("endpoint", "what stood behind # was never sent", "left out")
    if "{{" in path or "{%" in path:
        # Sent as it stood; encoded, it is the same to the service.
        notes.say("endpoint", "placeholders were never filled: {{ was sent as it stands", _AS_ENCODED)
        path = path.replace("{", "%7B").replace("}", "%7D")
    return {"path": path}


_AS_ENCODED = "sent so too, as %7B%7B; write {{ and }} in path for the event's value"
