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
from pipeline.rules.send import compile_send, render_send
from pipeline.rules.templates import Scope, Write, compile_json

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
    #: The names into the event's data that its templates and conditions read, in dots and without indexes.
    names: frozenset[str] = frozenset()

    def render(self, event: Event, delivery_id: str, now: datetime) -> Request:
        """Build the request of one event.

        Raises Unrenderable with the key, the path of the value, and why it cannot be sent.
        """
        scope = Scope(event, delivery_id, now)
        return Request(send=render_send(self.send, scope), body=self._body(scope), content_type=JSON)

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
    body = faults.under(("payload",), _compile_payload, payload, strict=strict)
    faults.under(("content_type",), _check_content_type, content_type)
    faults.under(("missing",), _check_missing, missing)
    faults.raise_if_any()
    return CompiledRule(name, service, pattern, condition, compiled_send, body)


def _compile_payload(payload: str | None, *, strict: bool) -> Write | None:
    if payload is not None and payload.strip() == NO_BODY:
        return None
    return compile_json(WHOLE_DATA if payload is None else payload, strict=strict)


def _check_content_type(content_type: str) -> None:
    if content_type != JSON:
        raise invalid(f"expected {JSON}, found {content_type[:60]!r}")


def _check_missing(missing: str) -> None:
    if missing not in ("null", "error"):
        raise invalid(f"expected null or error, found {missing[:60]!r}")
