import json
import re
from typing import Any

import pytest
from rest_like import TRANSPORTS

from pipeline.registry.json_schema import json_schema
from pipeline.registry.model import Retry


@pytest.fixture
def schema() -> dict[str, Any]:
    return json_schema(TRANSPORTS)


def at(schema: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The schema of a value, by the names of the keys that lead to it."""
    found = schema
    for key in keys:
        by_pattern = [value for name, value in found.get("patternProperties", {}).items() if re.search(name, key)]
        found = found.get("properties", {}).get(key) or by_pattern[0]
        if "$ref" in found:
            found = schema["$defs"][found["$ref"].removeprefix("#/$defs/")]
    return found


def test_it_is_of_the_draft_that_editors_read(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "MIH registry"


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    references = re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(schema))
    assert set(references) == set(schema["$defs"])


def test_a_service_has_the_keys_of_its_transport(schema: dict[str, Any]) -> None:
    service = at(schema, "services", "erp")
    assert set(service["properties"]) == {
        "transport",
        "description",
        "timeout",
        "concurrency",
        "retry",
        "breaker",
        "rate_limit",
        "slow",
        "retry_on",
        "never_retry",
        "forbidden_on",
        "gone_on",
        "success",
        "dead_letters",
        "proxy",
        "tls",
        "url",
        "auth",
    }
    assert service["required"] == ["transport", "url"]
    assert service["properties"]["transport"]["const"] == "rest"


def test_a_rules_send_is_the_transports(schema: dict[str, Any]) -> None:
    assert set(at(schema, "rules", "r", "send")["properties"]) == {"method", "path", "query", "headers"}


@pytest.mark.parametrize("path", [(), ("defaults",), ("services",), ("services", "s"), ("rules",), ("rules", "r")])
def test_unknown_keys_are_errors_in_the_editor_too(schema: dict[str, Any], path: tuple[str, ...]) -> None:
    assert at(schema, *path)["additionalProperties"] is False


def test_a_name_that_is_no_slug_is_an_error(schema: dict[str, Any]) -> None:
    with pytest.raises(IndexError):
        at(schema, "services", "Not A Slug")


def test_defaults_are_written_as_the_file_writes_them(schema: dict[str, Any]) -> None:
    assert at(schema, "defaults", "timeout")["default"] == "5s"
    assert {key: field["default"] for key, field in at(schema, "defaults", "retry")["properties"].items()} == {
        "max_attempts": 10,
        "backoff": "1s",
        "max_backoff": "1h",
        "max_age": "3d",
    }
    assert Retry.model_validate({"max_age": "3d"}) == Retry()


def test_a_secret_can_only_be_a_reference(schema: dict[str, Any]) -> None:
    pattern = schema["$defs"]["BearerAuth"]["properties"]["token"]["pattern"]
    assert re.search(pattern, "env:ERP_TOKEN")
    assert not re.search(pattern, "hunter2")


@pytest.mark.parametrize(
    ("written", "fits"),
    [("50/s", True), ("1/m", True), ("999999/h", True), ("0/s", False), ("5/d", False), ("x50/s", False), ("5", False)],
)
def test_a_rate_fits_its_pattern(schema: dict[str, Any], written: str, *, fits: bool) -> None:
    assert bool(re.search(at(schema, "services", "erp", "rate_limit")["pattern"], written)) is fits


def test_a_list_of_statuses_holds_statuses_only(schema: dict[str, Any]) -> None:
    for path in (["retry_on"], ["never_retry"], ["forbidden_on"], ["gone_on"], ["success", "status"]):
        assert at(schema, "services", "erp", *path)["items"] == {"type": "integer", "minimum": 100, "maximum": 599}


def test_the_conditions_on_an_answer_stand_under_the_files_own_name(schema: dict[str, Any]) -> None:
    assert set(at(schema, "services", "erp", "success")["properties"]) == {"status", "json", "text", "otherwise"}


def test_a_schema_has_the_words_of_json_schema_only(schema: dict[str, Any]) -> None:
    assert not re.findall(r'"(gt|ge|lt|le)":', json.dumps(schema))
