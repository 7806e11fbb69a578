"""Whatever stands in a registry file, it is a registry, or each mistake is told at its line, in words."""

from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest_like import TRANSPORTS

from pipeline.registry.findings import RegistryErrors
from pipeline.registry.read import read_texts

GOOD = """
version: 1
defaults: {timeout: 5s}
services:
  erp: {transport: rest, url: "https://erp.example.org/api", timeout: 5s, concurrency: 16, rate_limit: 50/s,
        auth: {type: bearer, token: "env:TOKEN"}, retry: {max_attempts: 10, backoff: 1s}, breaker: {failures: 5}}
rules:
  r: {event: "*", when: {objectid: [5, {numeric: [">", 1]}]}, service: erp, send: {method: POST, path: "/a/{{b}}"},
      payload: '{"student": {{c | number}}}'}
"""

_ODD = """env:NAME|file:/x|{{|{{a|}}|{{a.b[0]}}|{{x.default('|*|\\core\\event\\x|1h|-1s|https://[|http://a b|https://u:p@h|~|0x|.inf
1e999|{|[|---|\x1b]0;x\x07|\u202e"""
_TEXTS = st.text(max_size=12) | st.sampled_from([*_ODD.replace("\n", "|").split("|"), "{{a | b}}", "9" * 400])
_SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | _TEXTS
_KEYS = _TEXTS | st.sampled_from(
    ["erp", "r", "type", "url", "when", "$or", "exists", "headers", "payload", "auth", "tests"]
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=8
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inner for found in _paths(one, (*path, key)))]


def _changed(changes: dict[tuple[Any, ...], Any], added: dict[str, Any]) -> str:
    document = yaml.safe_load(GOOD)
    for path, value in changes.items():
        target: Any = {"": document}
        for key in ("", *path)[:-1]:
            target = target[key] if _has(target, key) else {}
        if isinstance(target, dict) or _has(target, ("", *path)[-1]):
            target[("", *path)[-1]] = {**value, **added} if isinstance(value, dict) else value
            document = document if path else value
    return str(yaml.safe_dump(document, allow_unicode=True))


def _has(target: Any, key: Any) -> bool:
    if isinstance(target, dict):
        return key in target
    return isinstance(target, list) and isinstance(key, int) and key < len(target)


_DOCUMENTS = st.builds(
    _changed,
    st.dictionaries(st.sampled_from(_paths(yaml.safe_load(GOOD))), _VALUES, min_size=1, max_size=3),
    st.dictionaries(_KEYS, _VALUES, max_size=2),
)
#: A file as somebody mistyped it: a piece of it is other text.
_MISTYPED = st.builds(
    lambda start, length, text: GOOD[:start] + text + GOOD[start + length :],
    st.integers(0, len(GOOD)),
    st.integers(0, 40),
    _TEXTS,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_DOCUMENTS | _MISTYPED | st.text(max_size=60))
@example(GOOD)
def test_any_text_is_a_registry_or_told_at_its_line(text: str) -> None:
    try:
        read_texts({"m.yaml": text}, TRANSPORTS)
    except RegistryErrors as wrong:
        findings = wrong.findings
        lines = len(text.splitlines()) + 1
        assert findings
        assert {finding.file for finding in findings} == {"m.yaml"}
        assert all(1 <= finding.line <= lines for finding in findings), findings
        assert all(finding.message.strip() and "pydantic" not in finding.message for finding in findings)
