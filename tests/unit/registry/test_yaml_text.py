from typing import Any

import pytest

from pipeline.registry.yaml_text import read_yaml

STAR = "found a * without quotes, which YAML reads as an alias (not supported here); write it in quotes: '*'"
ESCAPE = (
    "found a backslash in double quotes, which starts an escape;"
    r" write the name without quotes or in single quotes: '\core\event\…'"
)
BRACES = "found {{ without quotes, which YAML reads as a mapping; write the text in quotes or as a block (|)"
INDENTED = "a line that does not fit the lines above, expected the same indentation as its neighbours"
SECOND_COLON = "found a second ': ', expected quotes around a text that holds it; or found " + INDENTED
ANCHOR = "found an & without quotes, which YAML reads as an anchor (not supported here); write it in quotes"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        # what YAML 1.1 would make something else of
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("12:30", "12:30"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("2026-01-02", "2026-01-02"),
        (".5", ".5"),
        (".inf", ".inf"),
        ("=", "="),
        ("+1", "+1"),
        # what is no text
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("9223372036854775807", 2**63 - 1),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        # what quotes make a text
        ("'true'", "true"),
        ('"5"', "5"),
        ("''", ""),
        # what needs no quotes
        (r"\core\event\user_*", r"\core\event\user_*"),
        ("/a/{{b}}", "/a/{{b}}"),
        ("env:NAME", "env:NAME"),
        ("|\n  one\n  two", "one\ntwo"),
    ],
)
def test_words_mean_what_people_mean(written: str, meant: Any) -> None:
    read = read_yaml(f"a: {written}", "f")
    assert read.findings == ()
    assert read.data == {"a": meant}
    assert type(read.data["a"]) is type(meant)


def test_keys_are_texts_as_written() -> None:
    assert read_yaml("{404: a, no: b, null: c, 1.50: d}", "f").data == {"404": "a", "no": "b", "null": "c", "1.50": "d"}


def test_every_value_has_its_line() -> None:
    text = "a:\n  b: 1\n  c:\n    - x\n    - y: 2\nd: |\n\n  one\n  two\ne:\n  'far'\n"
    lines = {path: place.line for path, place in read_yaml(text, "f").places.items()}
    assert lines == {
        (): 1,
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "c"): 3,
        ("a", "c", 0): 4,
        ("a", "c", 1): 5,
        ("a", "c", 1, "y"): 5,
        ("d",): 6,
        ("e",): 11,
    }


def test_a_line_of_a_block_is_a_line_of_the_file() -> None:
    place = read_yaml("a: 1\nb: |\n\n  one\n  two\n", "f").places[("b",)]
    assert [place.within(None), place.within(1), place.within(3)] == [2, 3, 5]


def test_a_line_of_a_folded_text_is_where_the_text_starts() -> None:
    place = read_yaml("a: >\n  one\n\n  two\n", "f").places[("a",)]
    assert place.within(2) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('a: "\\core\\event"', f"f:1: {ESCAPE}"),
        ('b: 1\na: "\\user_created"', f"f:2: {ESCAPE}"),
        ('a: "\\xapi"', f"f:1: {ESCAPE}"),
        ("a: *", f"f:1: {STAR}"),
        ("a: {event: *, service: b}", f"f:1: a: {STAR}"),
        ("a: *_created", f"f:1: a: {STAR}"),
        ("a: {{x}}", f"f:1: a: {BRACES}"),
        ('a: {"b": {{x}}, "c": "{{y}}"}', f"f:1: a.b: {BRACES}"),
        ("a: {b: /x/{{y}}, c: 1}", f"f:1: a.b: {BRACES}"),
        ("a:\n\t- b", "f:2: found a tab, expected spaces"),
        ("a: @b", "f:1: found a text that starts with @, expected it in quotes"),
        ("a: `b", "f:1: found a text that starts with `, expected it in quotes"),
        ("a: b: c", f"f:1: a: {SECOND_COLON}"),
        ("a: 1\n  b: 2", f"f:2: {SECOND_COLON}"),
        ("  a: 1\n b: 2", f"f:2: found {INDENTED}"),
        ("a: |\nb", "f:2: found a line without a key, expected `key: value`; or found " + INDENTED),
        (
            "a: 'it's'",
            "f:1: a: found text behind a closing quote; inside single quotes a quote is written twice",
        ),
        ('x: 1\na: "b\n\n', "f:4: found no end of the quotes that start in line 2"),
        (
            "a: [1,\nb: 2",
            "f:2: a[1].b: found no end of the brackets that start in line 1, expected , or the closing one",
        ),
        ("a: 1\nb:\n  c: 1\na: 2", "f:4: a: found twice, first in line 1, expected once"),
        ("a: &x 1", f"f:1: a: {ANCHOR}"),
        ("a: & b", f"f:1: {ANCHOR}"),
        (
            "a: !!str 1",
            "f:1: a: found a ! without quotes, which YAML reads as a tag (not supported here); write it in quotes",
        ),
        (
            "a:\n  <<: {b: 1}",
            "f:2: a: found a merge key (<<), which is not supported here; write what services share under defaults",
        ),
        ("a: 1\n---\nb: 2", "f:3: found a second document (---), expected one per file"),
        ("b: 1\na: \x07", "f:2: found the control character U+0007"),
        ('a: "\\ud800"', "f:1: a: found half of a surrogate pair, expected whole characters"),
        (
            "a: 9223372036854775808",
            "f:1: a: found a number that does not fit into 64 bits, expected it in quotes",
        ),
        ("a: 1e999", "f:1: a: found a number that does not fit into 64 bits, expected it in quotes"),
        ("a: " + "9" * 5000, "f:1: a: found a number that does not fit into 64 bits, expected it in quotes"),
    ],
)
def test_a_trap_is_told_with_what_to_do(text: str, told: str) -> None:
    assert [str(finding) for finding in read_yaml(text, "f").findings] == [told]


def test_a_bomb_of_aliases_is_refused_unread() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    read = read_yaml(bomb, "f")
    assert read.data["i"] == [None, None]
    assert len(read.findings) == 25


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " + "[" * 51 + "]" * 51, "- " * 60 + "x"])
def test_deep_nesting_is_refused(text: str) -> None:
    read = read_yaml(text, "f")
    assert read.is_broken
    assert "more than 50 levels of nesting" in str(read.findings[-1])


def test_a_trap_does_not_hide_the_next() -> None:
    read = read_yaml("a: {{x}}\nb: {{y}}\na: 2\nc: !x 1", "f")
    assert [finding.line for finding in read.findings] == [1, 2, 3, 4]


def test_an_empty_text_is_nothing() -> None:
    assert read_yaml("# only a comment\n", "f").data is None
