from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from rest_like import TRANSPORTS, RestService

from pipeline.event import Event
from pipeline.registry.findings import RegistryErrors
from pipeline.registry.read import Reading, read_texts
from pipeline.registry.registry import compile_registry

EXAMPLE = r"""
version: 1
defaults: {timeout: 7s, retry: {max_attempts: 5}}
services:
  erp:                                    # the slug: a-z 0-9 and -
    description: Student records
    transport: rest
    url: https://erp.example.org/api
    auth: {type: bearer, token: "env:ERP_TOKEN"}
    timeout: 5s
    concurrency: 16
    retry: {backoff: 2s, max_backoff: 1h, max_age: 72h}
  crm: {transport: rest, url: "env:CRM_URL"}
rules:
  student-to-erp:
    event: \core\event\role_assigned
    when: {objectid: [5], courseid: [{numeric: [">", 1]}]}
    service: erp
    send: {method: POST, path: "/courses/{{courseid}}/students", headers: {X-Site: "{{event.source}}"}}
    payload: |
      {"student": {{relateduserid}}, "by": "{{userid}}"}
  everything-to-crm: {event: "*", service: crm}
  gone-from-erp:
    {event: \core\event\user_deleted, service: erp, send: {method: DELETE, path: "/s/{{objectid}}"}, payload: none}
"""


def read(**texts: str) -> Reading:
    return read_texts(texts, TRANSPORTS)


def matching(reading: Reading, event_type: str, data: Mapping[str, Any]) -> list[str]:
    event = Event(id="1", source="s", type=event_type, data=data)
    return [rule.name for rule in reading.registry.index.matching(event)]


def test_the_example_is_read_and_compiled() -> None:
    reading = read(mih=EXAMPLE)
    assert reading.warnings == ()
    assert reading.registry.revision == 0
    assert list(reading.registry.services) == ["erp", "crm"]
    assert matching(reading, r"\core\event\role_assigned", {"objectid": 5, "courseid": 2}) == [
        "student-to-erp",
        "everything-to-crm",
    ]
    assert matching(reading, r"\core\event\user_deleted", {}) == ["everything-to-crm", "gone-from-erp"]


def test_what_a_service_does_not_say_the_defaults_say_key_by_key() -> None:
    services = read(mih=EXAMPLE).registry.services
    erp, crm = services["erp"], services["crm"]
    assert (erp.timeout, crm.timeout) == (timedelta(seconds=5), timedelta(seconds=7))
    assert (erp.retry.max_attempts, erp.retry.backoff) == (5, timedelta(seconds=2))
    assert (crm.retry.max_attempts, crm.retry.backoff) == (5, timedelta(seconds=1))


def test_a_service_holds_the_reference_and_not_the_secret() -> None:
    erp = read(mih=EXAMPLE).registry.services["erp"]
    assert isinstance(erp, RestService)
    assert erp.auth.model_dump() == {"type": "bearer", "token": "env:ERP_TOKEN"}


def test_the_document_is_what_was_written() -> None:
    document = read(mih=EXAMPLE).document
    assert document["services"]["erp"]["timeout"] == "5s"
    assert document["rules"]["student-to-erp"]["event"] == r"\core\event\role_assigned"
    assert document["rules"]["student-to-erp"]["payload"] == '{"student": {{relateduserid}}, "by": "{{userid}}"}\n'
    assert "concurrency" not in document["services"]["crm"]


def test_a_stored_document_compiles_to_the_same() -> None:
    reading = read(mih=EXAMPLE)
    registry = compile_registry(reading.document, 3, TRANSPORTS)
    assert registry.revision == 3
    assert registry.services == reading.registry.services


def test_several_files_are_one_document() -> None:
    erp = "version: 1\nservices:\n  erp: {transport: rest, url: http://erp.org}\n"
    crm = "version: 1\nservices:\n  crm: {transport: rest, url: http://crm.org}\n"
    rules = "version: 1\nrules:\n  a: {event: a, service: erp}\n  b: {event: b, service: crm}\n"
    reading = read(erp=erp, rules=rules, crm=crm)
    assert set(reading.registry.services) == {"erp", "crm"}
    assert set(reading.document["rules"]) == {"a", "b"}
    assert matching(reading, "b", {}) == ["b"]


def test_a_service_to_which_nothing_is_sent_is_a_warning() -> None:
    reading = read(a="version: 1\nservices:\n\n  erp:\n    transport: rest\n    url: http://erp.org\n")
    assert [str(warning) for warning in reading.warnings] == ["a:4: services.erp: no rule sends to it"]


@pytest.mark.parametrize("word", ["null", "'null'", "error"])
def test_missing_may_be_null_without_quotes(word: str) -> None:
    service = "services: {erp: {transport: rest, url: http://erp.org}}"
    read(a=f"version: 1\n{service}\nrules: {{r: {{event: a, service: erp, missing: {word}}}}}")


def test_a_destination_is_checked_where_it_is_written_and_a_reference_is_not() -> None:
    asked: list[str] = []

    def check(url: str) -> str | None:
        asked.append(url)
        return "found a private address" if "10.0.0.1" in url else None

    text = "version: 1\nservices:\n  a: {transport: rest, url: http://10.0.0.1/}\n  b: {transport: rest, url: env:B}"
    with pytest.raises(RegistryErrors) as caught:
        read_texts({"m.yaml": text}, TRANSPORTS, check_destination=check)
    assert str(caught.value) == "m.yaml:3: services.a.url: found a private address"
    assert asked == ["http://10.0.0.1/"]


def test_a_registry_cannot_be_changed() -> None:
    registry = read(mih=EXAMPLE).registry
    with pytest.raises(TypeError):
        registry.services["erp"] = registry.services["crm"]  # type: ignore[index]
