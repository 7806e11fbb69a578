"""A rule's body: what the plugin's methods made of a payload template, and what ours send."""

import re
from typing import Any

from pipeline.plugin_import.address import looks_secret
from pipeline.plugin_import.entry import Notes
from pipeline.plugin_import.query import WHOLE_EVENT, query_of
from pipeline.plugin_import.template import convert_template
from pipeline.rules.rule import NO_BODY

_METHOD, _TEMPLATE = "http_method", "payload_template"
#: The keys of texts without a placeholder.
_LITERAL = re.compile(r'"(\w{1,60})"\s*:\s*"[^"{}]+"')
_NEVER_SENT = (
    "payload_template was no valid JSON once its placeholders were filled, so nothing was ever sent: "
    "a text's placeholder needs quotes there, {{ userid }} has blanks, or its name is none that the plugin knew"
)


def body_keys(method: str, template: str, notes: Notes) -> dict[str, Any]:
    """Give `payload`, and for a GET `send` with its query."""
    payload = _converted(template, notes) if template else ""
    match method:
        case "GET":
            notes.say(_METHOD, "GET: the payload was sent as the query of the address", "send.query, and no body")
            return _query(payload, notes)
        case "DELETE":
            notes.say(_METHOD, "DELETE: sent without a body, whatever the template", "payload: none")
            notes.beside |= {"payload": payload} if payload else {}
            return {"payload": NO_BODY}
        case "PUT":
            notes.say(
                _METHOD, "PUT: sent as multipart/form-data, its JSON in a field named data", "PUT with a JSON body"
            )
        case "PATCH":
            notes.say(_METHOD, "PATCH: sent as a GET, the payload as its query", "PATCH with a JSON body")
    return {"payload": payload} if payload else {}


def _converted(template: str, notes: Notes) -> str:
    converted = convert_template(template)
    if not converted.was_sent:
        notes.out(_NEVER_SENT)
    elif converted.left_alone:
        there = f"{', '.join(converted.left_alone)[:200]}: not replaced, sent as it stands"
        here = r"sent so too (\u007b is a brace); write it with {{ and without blanks for the event's value"
        notes.say(_TEMPLATE, there, here)
    if names := [name for name in _LITERAL.findall(converted.text) if looks_secret(name)]:
        notes.say(_TEMPLATE, f"a text under {', '.join(names)}", "it stands in this file; were it a secret, use auth")
    return converted.text


def _query(payload: str, notes: Notes) -> dict[str, Any]:
    if not payload:
        notes.say(_TEMPLATE, "none, so the query held all of the event", "the same, without what is in other")
        return {"send": {"query": WHOLE_EVENT}, "payload": NO_BODY}
    query = None if notes.reasons else query_of(payload)
    if query is None:
        notes.beside["payload"] = payload
        notes.out("its payload cannot be a query as send.query writes it: name the parameters there")
    return ({"send": {"query": query}} if query else {}) | {"payload": NO_BODY}
