"""A rule, compiled: which events it answers to, and the request that each of them becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pipeline.delivery import Request
from pipeline.errors import Unrenderable
from pipeline.event import Event
from pipeline.rules.conditions import Condition, compile_condition
from pipeline.rules.fault import Faults, invalid
from pipeline.rules.pattern import Pattern, compile_pattern
from pipeline.rules.send import compile_send, render_send, send_templates
from pipeline.rules.templates import Scope, Write, check_content_type, compile_body, is_json, names_in

JSON: Final = "application/json"
#: As `payload`: the request has no body.
NO_BODY: Final = "none"
#: The body of a rule that names no payload.
WHOLE_DATA: Final = "{{data}}"


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """A rule that is ready to run."""

    name: str
    service: str
    pattern: Pattern
    #: Asked with an event's data.
    condition: Condition
    send: Mapping[str, Any]
    payload: Write | None
    #: As the rule writes it.
    content_type: str
    #: The names into the event's data that its templates and conditions read, in dots and without indexes.
    names: frozenset[str]

    def render(self, event: Event, delivery_id: str, now: datetime) -> Request:
        """Build the request of one event.

        Raises Unrenderable with the key, the path of the value, and why it cannot be sent.
        """
        scope = Scope(event, delivery_id, now)
        return Request(send=render_send(self.send, scope), body=self._body(scope), content_type=self.content_type)

    def _body(self, scope: Scope) -> str | None:
        try:
            return self.payload(scope) if self.payload else None
        except Unrenderable as broken:
            raise Unrenderable(f"payload: {broken}") from None


def compile_rule(  # noqa: PLR0913  the keys of a rule in the registry's file
    name: str,
    *,
    event: str,
    service: str,
    when: Mapping[str, Any] | None = None,
    send: Mapping[str, Any] | None = None,
    payload: str | None = None,
    content_type: str = JSON,
    missing: str = "null",
) -> CompiledRule:
    """Compile a rule as the registry's file writes it; without a payload, the body is the event's data.

    Raises InvalidRule with everything that is wrong, each fault's path leading from the rule.
    """
    faults = Faults()
    strict = missing == "error"
    pattern = faults.under(("event",), compile_pattern, event)
    condition = faults.under(("when",), compile_condition, when)
    compiled_send = faults.under(("send",), compile_send, send or {}, strict=strict)
    body = faults.under(("payload",), _compile_payload, payload, content_type, strict=strict)
    faults.under(("content_type",), _check_content_type, content_type, has_payload=payload is not None)
    faults.under(("missing",), _check_missing, missing)
    faults.raise_if_any()
    names = condition.paths.union(*map(names_in, (*send_templates(send or {}), payload or WHOLE_DATA)))
    return CompiledRule(name, service, pattern, condition, compiled_send, body, content_type, names)


def _compile_payload(payload: str | None, content_type: str, *, strict: bool) -> Write | None:
    if payload is None:
        return compile_body(WHOLE_DATA, JSON, strict=strict)
    return None if payload.strip() == NO_BODY else compile_body(payload, content_type, strict=strict)


def _check_content_type(content_type: str, *, has_payload: bool) -> None:
    check_content_type(content_type)
    if not has_payload and not is_json(content_type):
        raise invalid(f"expected {JSON} or a payload: without one the body is the event's data as JSON")


def _check_missing(missing: str) -> None:
    if missing not in ("null", "error"):
        raise invalid(f"expected null or error, found {missing[:60]!r}")
