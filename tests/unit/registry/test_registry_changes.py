from typing import Any

import pytest

from pipeline.registry.changes import Change, changes

SERVICE = {"transport": "rest", "url": "https://e.org", "retry": {"backoff": "1s", "max_age": "1h"}}


def with_service(**changed: Any) -> dict[str, Any]:
    return {"version": 1, "services": {"erp": SERVICE | changed}}


def test_the_first_document_adds_everything() -> None:
    new = {"version": 1, "defaults": {"timeout": "5s"}, "services": {"a": {}}, "rules": {"r": {"event": "*"}}}
    assert changes(None, new) == [
        Change("added", "defaults", "", {"timeout": (None, "5s")}),
        Change("added", "service", "a", {}),
        Change("added", "rule", "r", {"event": (None, "*")}),
    ]


def test_what_is_removed_shows_what_it_was() -> None:
    old = {"version": 1, "rules": {"r": {"event": "*"}}}
    assert changes(old, {"version": 1}) == [Change("removed", "rule", "r", {"event": ("*", None)})]


@pytest.mark.parametrize(
    ("new", "keys"),
    [
        ({"url": "https://f.org"}, {"url": ("https://e.org", "https://f.org")}),
        ({"timeout": "5s"}, {"timeout": (None, "5s")}),
        ({"retry": {"backoff": "2s", "max_age": "1h"}}, {"retry.backoff": ("1s", "2s")}),
        ({"retry": {"backoff": "1s"}}, {"retry.max_age": ("1h", None)}),
    ],
)
def test_a_changed_service_shows_its_changed_keys_only(new: dict[str, Any], keys: dict[str, Any]) -> None:
    assert changes(with_service(), with_service(**new)) == [Change("changed", "service", "erp", keys)]


def test_the_order_of_keys_is_no_change() -> None:
    turned = {"services": {"erp": dict(reversed(SERVICE.items()))}, "version": 1}
    assert changes(with_service(), turned) == []


def test_true_is_not_1() -> None:
    old, new = ({"version": 1, "rules": {"r": {"when": {"a": [value]}}}} for value in (1, True))
    assert changes(old, new) == [Change("changed", "rule", "r", {"when.a": ([1], [True])})]


def test_a_renamed_rule_is_removed_and_added() -> None:
    old, new = ({"version": 1, "rules": {name: {"event": "*"}}} for name in ("a", "b"))
    assert [(change.action, change.name) for change in changes(old, new)] == [("removed", "a"), ("added", "b")]
