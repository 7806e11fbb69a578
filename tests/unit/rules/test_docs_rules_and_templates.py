"""What docs/rules.md and docs/templates.md say is so: every row of their tables and every file in them."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import exact_json
from pipeline.attempt.transports import SCHEMAS
from pipeline.cli.rules.testing import run_tests
from pipeline.errors import MihError
from pipeline.event import Event
from pipeline.ingest import sample_event
from pipeline.registry import Reading, read_paths, read_texts
from pipeline.registry.yaml_text import read_yaml
from pipeline.rules import CompiledRule, InvalidRule, compile_rule
from pipeline.rules.conditions import compile_condition

ROOT = Path(__file__).parents[3]
RULES, TEMPLATES = (ROOT / "docs" / name for name in ("rules.md", "templates.md"))
EXAMPLES = ROOT / "examples/moodle"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def rows(page: Path, *header: str) -> list[tuple[str, ...]]:
    """The rows of all tables of a page under this header; a cell that is code without its marks."""
    tables = [table.splitlines() for table in re.findall(r"(?:^\|.*\n)+", page.read_text(), re.MULTILINE)]
    return [cells(line) for first, _, *others in tables if cells(first) == header for line in others]


def cells(line: str) -> tuple[str, ...]:
    found = (cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1])
    return tuple(cell[1:-1] if re.fullmatch("`[^`]*`", cell) else cell for cell in found)


def files(page: Path) -> list[str]:
    return [text for text in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL) if "version: 1" in text]


def rule(**keys: Any) -> CompiledRule:
    return compile_rule("rule", event="*", service="service", **keys)


def rendered(data: Any, **keys: Any) -> Any:
    event = Event(id="1", source="moodle", type="\\core\\event\\user_created", data=data)
    return rule(**keys).render(event, "delivery", NOW)


@pytest.mark.parametrize("text", [text for page in (RULES, TEMPLATES) for text in files(page)])
def test_a_file_in_the_docs_can_be_applied(text: str) -> None:
    assert read_texts({"hub.yaml": text}, SCHEMAS).registry.services


@pytest.mark.parametrize("text", [text for page in (RULES, TEMPLATES) for text in files(page) if "tests:" in text])
def test_the_tests_in_a_file_of_the_docs_pass(text: str, tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text(text)
    # It exits with an error when one fails.
    run_tests([tmp_path])


def test_the_example_mappings_do_with_captured_events_what_their_tests_expect() -> None:
    run_tests([EXAMPLES])


@pytest.mark.parametrize(("condition", "holds", "not_for"), rows(RULES, "condition", "holds for", "but not for"))
def test_a_condition_holds_as_its_row_says(condition: str, holds: str, not_for: str) -> None:
    when = compile_condition(read_yaml(condition, "row").data)
    assert when(json.loads(holds))
    assert not when(json.loads(not_for))


@pytest.mark.parametrize(("template", "data", "result"), rows(TEMPLATES, "template", "the event's data", "result"))
def test_a_template_gives_what_its_row_says(template: str, data: str, result: str) -> None:
    body = rendered(exact_json.loads(data), payload=template).body
    assert exact_json.loads(body) == exact_json.loads(result)


@pytest.mark.parametrize(
    ("place", "template", "data", "result"), rows(TEMPLATES, "place", "template", "the event's data", "result")
)
def test_a_place_of_the_request_is_written_as_its_row_says(place: str, template: str, data: str, result: str) -> None:
    send = {place: template if place == "path" else {"X": template}}
    found = rendered(json.loads(data), send=send).send[place]
    assert (found if place == "path" else found["X"]) == result


@pytest.mark.parametrize(
    ("content_type", "template", "data", "result"),
    rows(TEMPLATES, "content_type", "template", "the event's data", "result"),
)
def test_another_body_is_escaped_as_its_row_says(content_type: str, template: str, data: str, result: str) -> None:
    request = rendered(json.loads(data), payload=template, content_type=content_type)
    assert (request.body, request.content_type) == (result, content_type)


@pytest.mark.parametrize(("template", "reason"), rows(TEMPLATES, "template", "is refused because"))
def test_a_mistake_is_told_as_its_row_says(template: str, reason: str) -> None:
    with pytest.raises(InvalidRule, match=re.escape(reason)):
        rule(payload=template)


def test_the_example_of_a_mistake_is_what_is_said() -> None:
    text = files(TEMPLATES)[0].replace('"{{other.enrol}}"', '"{{other.enrol | uper}}"')
    with pytest.raises(MihError) as refused:
        read_texts({"hub.yaml": text}, SCHEMAS)
    said = re.search(r"```\n(hub.yaml:.*) …\n```", TEMPLATES.read_text())
    assert said
    assert str(refused.value).startswith(said[1])


@pytest.mark.parametrize(("template", "_", "ours"), rows(TEMPLATES, "template", "the plugin sent", "MIH sends"))
def test_a_template_of_the_plugin_gives_the_same_value_or_what_was_meant(template: str, _: str, ours: str) -> None:
    captured = json.loads((EXAMPLES / "events/core.event.user_enrolment_created.json").read_bytes())
    event = sample_event(json.dumps({**captured, "relateduserid": None}).encode())
    body = rule(payload=template).render(event, "delivery", NOW).body
    assert body is not None
    assert json.loads(body) == json.loads(ours)


@pytest.fixture(scope="module")
def examples() -> Reading:
    return read_paths([EXAMPLES], SCHEMAS)


def test_the_example_mappings_are_told_of_one_by_one(examples: Reading) -> None:
    told = [name for _, _, name in rows(RULES, "when", "who hears", "rule")]
    assert sorted(told) == sorted(examples.document["rules"])
    assert len(told) == 27


def test_nothing_looks_odd_in_the_example_mappings(examples: Reading) -> None:
    assert examples.warnings == ()
