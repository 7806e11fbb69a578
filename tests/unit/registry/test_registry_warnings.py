import pytest

from pipeline.attempt.transports import SCHEMAS
from pipeline.registry import read_texts

HEAD = """version: 1
services:
  erp: {transport: rest, url: https://erp.example.org}
  lms: {transport: rest, url: https://lms.example.org}
rules:
  first: {event: x.created, service: erp, when: {a: [1]}}
  other: {event: y.created, service: lms}
"""


def warned(rules: str) -> list[str]:
    return [str(found) for found in read_texts({"hub.yaml": HEAD + rules}, SCHEMAS).warnings]


@pytest.mark.parametrize(
    ("rule", "warning"),
    [
        (r"never: {event: x, service: erp, when: {n: [{numeric: ['>', 5, '<', 3]}]}}", "answers to no event: n can be"),
        (r"never: {event: \x\y, service: erp, when: {eventname: [\x\z]}}", "answers to no event: when asks"),
        (r"second: {event: x.*, service: erp}", "sends the same as first, so that erp hears of it twice"),
    ],
)
def test_what_looks_odd_is_told_with_its_line(rule: str, warning: str) -> None:
    [told] = warned(f"  {rule}\n")
    assert told.startswith(f"hub.yaml:8: rules.{rule.partition(':')[0]}: {warning}")


@pytest.mark.parametrize(
    "rule",
    [
        r"second: {event: x.created, service: lms}",
        r"second: {event: x.created, service: erp, when: {a: [2]}}",
        r"second: {event: x.created, service: erp, payload: none}",
        r"second: {event: x.created, service: erp, send: {method: PUT}}",
        r"second: {event: \x\y, service: erp, when: {eventname: [x\y]}}",
    ],
)
def test_what_is_not_odd_is_not_told(rule: str) -> None:
    assert warned(f"  {rule}\n") == []


def test_a_mistake_in_a_template_is_told_with_its_column() -> None:
    text = HEAD + "  bad:\n    event: x\n    service: erp\n    payload: |\n      {\n        {{a | uper}}: 1}\n"
    quoted = '  worse: {event: x, service: erp, payload: "1\\n{{a | lowr}}"}\n'
    with pytest.raises(Exception, match="uper") as refused:
        read_texts({"hub.yaml": text + quoted}, SCHEMAS)
    lines = str(refused.value).splitlines()
    assert any(line.startswith("hub.yaml:13: rules.bad.payload: column 9: unknown filter uper") for line in lines), (
        lines
    )
    assert any(line.startswith("hub.yaml:14: rules.worse.payload: line 2, column 7: ") for line in lines), lines
