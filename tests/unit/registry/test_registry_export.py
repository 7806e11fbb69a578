from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rest_like import TRANSPORTS

from pipeline.registry.export import to_yaml
from pipeline.registry.read import read_texts
from pipeline.registry.yaml_text import read_yaml

#: What a YAML text can hold: no control characters but tab and line feed, no halves of surrogate pairs.
anything = st.text(st.characters(exclude_categories=["Cs"]))
tricky = st.text(st.sampled_from("\n\t \\\"'{}[]:#*&!|>-?%@`,=<~01.9eEx\r\x85\xa0\u2028\ufeff\x07añ\U0001f600"))
words = st.sampled_from(["yes", "no", "on", "null", "~", "", "12:30", "010", "1e3", "1_0", "<<", "=", "---", ".inf"])
texts = anything | tricky | words
scalars = texts | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=4))
def test_what_is_exported_reads_back_to_the_same(document: dict[str, Any]) -> None:
    read = read_yaml(to_yaml(document), "f")
    assert read.findings == ()
    assert read.data == document
    assert list(read.data) == list(document)


@given(st.dictionaries(texts.filter(lambda key: key != "<<"), scalars, max_size=4))
def test_what_is_exported_means_the_same_to_other_readers(document: dict[str, Any]) -> None:
    # YAML 1.1 readers know no number such as 1e3; as a float, PyYAML writes 1000.0.
    assert yaml.safe_load(to_yaml(document)) == document


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (r"\core\event\user_*", r"a: \core\event\user_*"),
        (r"\core\event\*: x", r"a: '\core\event\*: x'"),
        ("*", "a: '*'"),
        ('{"a": {{b}}}', """a: '{"a": {{b}}}'"""),
        ('{"a": 1,\n "b": 2}\n', 'a: |\n  {"a": 1,\n   "b": 2}'),
        ('{"a": 1,  \n\t"b": 2}', 'a: |-\n  {"a": 1,  \n  \t"b": 2}'),
        (" a\nb\n", "a: |2\n   a\n  b"),
        ("no", "a: 'no'"),
        ("1e3", "a: '1e3'"),
        ("x" * 300, "a: " + "x" * 300),
        ("a b " * 60 + "c", "a: " + "a b " * 60 + "c"),
        ("a\tb", r'a: "a\tb"'),
        (["x", {"numeric": [">", 1]}], "a:\n  - x\n  - numeric:\n      - '>'\n      - 1"),
        ({}, "a: {}"),
    ],
)
def test_it_is_written_as_a_person_would(value: Any, written: str) -> None:
    assert to_yaml({"a": value}) == written + "\n"


def test_what_stands_twice_is_written_twice() -> None:
    shared = {"b": [1]}
    assert "&" not in to_yaml({"a": shared, "c": shared})


def test_a_registry_comes_back_whole() -> None:
    text = (
        "version: 1\n"
        "services:\n"
        "  erp:\n"
        "    transport: rest\n"
        "    url: https://erp.example.org\n"
        "    auth:\n"
        "      type: bearer\n"
        "      token: env:ERP_TOKEN\n"
        "rules:\n"
        "  r:\n"
        "    event: \\core\\event\\user_created\n"
        "    service: erp\n"
        "    payload: |\n"
        '      {"student": {{relateduserid}}}\n'
    )
    assert to_yaml(read_texts({"f": text}, TRANSPORTS).document) == text
