"""What looks odd in a document that is right: told by `mih plan`, refused by nobody."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.registry.findings import Finding, Path
from pipeline.registry.merge import Merged
from pipeline.rules import CompiledRule
from pipeline.rules.doubles import Sending, doubles
from pipeline.rules.never import never
from pipeline.rules.pattern import Pattern, bare_name

#: Where Moodle's events say their own name.
_EVENT_NAME = "eventname"
#: What is rendered, and for whom; rules that agree in these send the same of one event.
_SENT = ("service", "send", "payload", "content_type", "missing")


def warnings(merged: Merged, rules: Iterable[CompiledRule]) -> Iterator[Finding]:
    """Look at a document and the rules it compiled to."""
    written = merged.document.get("rules", {})
    yield from _unused(merged, written)
    yield from _proxied(merged)
    compiled = list(rules)
    for rule in compiled:
        if why := _why_never(rule.pattern, written[rule.name].get("when") or {}):
            yield _finding(merged, ("rules", rule.name), f"answers to no event: {why}")
    for rule_name, first in doubles(_sending(rule, written[rule.name]) for rule in compiled):
        service = written[rule_name]["service"]
        yield _finding(merged, ("rules", rule_name), f"sends the same as {first}, so that {service} hears of it twice")


def _finding(merged: Merged, path: Path, message: str) -> Finding:
    place = merged.place(path)
    return Finding(place.file, place.line, path, message)


def _unused(merged: Merged, rules: Mapping[str, Any]) -> Iterator[Finding]:
    used = {rule["service"] for rule in rules.values()}
    for slug in merged.document.get("services", {}):
        if slug not in used:
            yield _finding(merged, ("services", slug), "no rule sends to it")


def _proxied(merged: Merged) -> Iterator[Finding]:
    for slug, service in merged.document.get("services", {}).items():
        if service.get("proxy"):
            said = "the guard sees the proxy only: what is behind it is the proxy's to refuse"
            yield _finding(merged, ("services", slug, "proxy"), said)


def _why_never(pattern: Pattern, when: Mapping[str, Any]) -> str | None:
    named = when.get(_EVENT_NAME, ())
    if named and all(isinstance(name, str) and not pattern.matches(bare_name(name)) for name in named):
        return f"when asks for an {_EVENT_NAME} that its event does not fit"
    return never(when)


def _sending(rule: CompiledRule, written: Mapping[str, Any]) -> Sending:
    what = json.dumps([written.get(key) for key in _SENT], sort_keys=True)
    return Sending(rule.name, rule.pattern, written.get("when") or {}, what)
