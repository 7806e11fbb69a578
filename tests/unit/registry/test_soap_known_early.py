"""What is refused of a SOAP rule as its file is read, with file and line; nothing is fetched for it."""

from pathlib import Path

import pytest

from pipeline.attempt.transports import SCHEMAS
from pipeline.registry import RegistryErrors
from pipeline.registry.read import read_texts

WSDL = Path(__file__).parents[2] / "conformance" / "wsdl" / "people.wsdl"
FILE = f"file:{WSDL}"


def told(*rule: str, wsdl: str = FILE, more: str = "") -> list[str]:
    """What is wrong with a rule for a service with this WSDL, each with its line."""
    lines = [
        "version: 1",
        f"services: {{sis: {{transport: soap, wsdl: '{wsdl}'{more}}}}}",
        "rules:",
        "  people:",
        r"    event: '\core\event\user_created'",
        "    service: sis",
        *(f"    {line}" for line in rule),
    ]
    try:
        read_texts({"r.yaml": "\n".join(lines)}, SCHEMAS)
    except RegistryErrors as errors:
        return [f"{finding.line}: {finding.message}" for finding in errors.findings]
    return []


CREATE = "send: {operation: createPerson}"


@pytest.mark.parametrize(
    "payload", ["description: whole", "payload: '{{data}}'", 'payload: \'{"name": "{{name}}", "id": {{id}}}\'']
)
def test_a_rule_that_may_fit_is_taken(payload: str) -> None:
    assert told(CREATE, payload) == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (["send: {}"], "7: is missing"),
        (["send: {operation: '{{name}}'}"], "7: found '{{name}}', expected the plain name of an operation"),
        (["send: {operation: createPersons}"], "7: unknown operation createPersons (did you mean createPerson?)"),
        ([CREATE, 'payload: \'{"nane": "{{n}}"}\''], "8: unknown parameter nane (did you mean name?), expected one of"),
        ([CREATE, "payload: '{\"id\": {{id}}}'"], "8: name: the parameter is missing"),
        ([CREATE, "payload: none"], "8: name: the parameter is missing"),
        ([CREATE, "payload: '[{{id}}]'"], "8: expected an object of parameters by name, found a list"),
        ([CREATE, "payload: '\"{{id}}\"'"], "8: expected an object of parameters by name, found a text"),
        ([CREATE, "content_type: text/xml", "payload: '<a/>'"], "8: expected application/json"),
        (["send: {operation: createPerson, headers: {Content-Length: '1'}}"], "7: found the header 'Content-Length'"),
    ],
)
def test_a_rule_that_cannot_be_sent_is_refused_at_its_line(rule: list[str], expected: str) -> None:
    (found,) = told(*rule)
    assert found.startswith(expected)


def test_a_wsdl_that_cannot_be_used_is_told_at_the_rule_s_service() -> None:
    (found,) = told(CREATE, more=", port: Peeple")
    assert (
        found
        == f"6: its WSDL {FILE} cannot be used: unknown port Peeple (did you mean People?), expected one of People"
    )


@pytest.mark.parametrize(
    "wsdl", ["http://127.0.0.1:1/?wsdl", "https://sis.example.org/?wsdl", "file:/not/here.wsdl", "env:W"]
)
def test_a_wsdl_that_is_not_here_is_left_to_the_senders(wsdl: str) -> None:
    assert told("send: {operation: whatever}", wsdl=wsdl) == []


def test_a_wsdl_that_imports_what_must_be_fetched_is_left_to_the_senders(tmp_path: Path) -> None:
    importing = tmp_path / "importing.wsdl"
    imported = '<xs:schema><xs:import namespace="urn:o" schemaLocation="http://127.0.0.1:1/o.xsd"/></xs:schema>'
    importing.write_text(WSDL.read_text().replace("<types>", f"<types>{imported}"))
    assert told("send: {operation: whatever}", wsdl=f"file:{importing}") == []


@pytest.mark.parametrize(
    ("wsdl", "expected"),
    [
        ("ftp://a/b", "2: expected an address that starts with http"),
        ("http://u:p@h/", "2: expected no user or password"),
    ],
)
def test_an_address_that_is_none_is_refused(wsdl: str, expected: str) -> None:
    (found,) = told(CREATE, wsdl=wsdl)
    assert found.startswith(expected)
