from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest

from pipeline.errors import Unrenderable
from pipeline.event import Event
from pipeline.rules.fault import InvalidRule
from pipeline.rules.templates import Scope
from pipeline.rules.templates.json_body import compile_json

NOW = datetime(2026, 11, 20, 23, 28, 5, 120_000, tzinfo=UTC)
GRADED = {
    "userid": 5,
    "relateduserid": None,
    "name": 'Ana "A" \\ Ruiz\n{{userid}} }} {{',
    "event": "mine",
    "flag": True,
    "ratio": 1.0,
    "tiny": 1e-7,
    "large": 2**64 - 1,
    "other": {"finalgrade": "87.50000", "empty": "", "some-key": "dash", "0": "zero"},
    "items": [{"sku": "a"}, [1, 2]],
}
EVENT = Event(id="e-1", source="moodle", type=r"\core\event\user_graded", time="2026-11-20T00:00:00Z", data=GRADED)


def body(template: str, *, event: Event = EVENT, strict: bool = False) -> str:
    return compile_json(template, strict=strict)(Scope(event, "d-1", NOW))


def rendered(template: str, data: Any = GRADED) -> Any:
    return orjson.loads(body(template, event=Event(id="e", source="s", type="t", data=data)))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{userid}}", 5),
        ('"{{userid}}"', "5"),
        ("{{ userid }}", 5),
        ("{{\n  userid\t}}", 5),
        ("{{other.finalgrade}}", "87.50000"),
        ("{{items[0].sku}}", "a"),
        ("{{items[1][1]}}", 2),
        ("{{other.some-key}}", "dash"),
        ("{{other.0}}", "zero"),
        ("{{name}}", GRADED["name"]),
        ('"{{name}}"', GRADED["name"]),
        ('"<{{name}}|{{userid}}>"', f"<{GRADED['name']}|5>"),
        ("{{flag}}", True),
        ('"{{flag}}"', "true"),
        ('"{{ratio}}"', "1.0"),
        ('"{{tiny}}"', "1e-7"),
        ("{{large}}", 2**64 - 1),
        ("{{relateduserid}}", None),
        ('"{{relateduserid}}"', ""),
        ("{{nope}}", None),
        ('"{{nope}}"', ""),
        ("{{nope.deeper[3].still}}", None),
        ("{{userid.x}}", None),
        ("{{name[0]}}", None),
        ("{{items[2]}}", None),
        ("{{items.sku}}", None),
        ("{{other[0]}}", None),
        ("{{other}}", GRADED["other"]),
        ('"{{items}}"', '[{"sku":"a"},[1,2]]'),
        ("{{data}}", GRADED),
        ("{{data.userid}}", 5),
        ("{{data.event}}", "mine"),
        ('{"a":{"b":{{userid}}}}', {"a": {"b": 5}}),
        ('{"{{userid}}": 1, "x": [{{userid}}, "{{userid}}"]}', {"5": 1, "x": [5, "5"]}),
        (r'"\"{{userid}}\\{{userid}}"', '"5\\5'),
        ('["{", "}}", "\\u00e9", "{ {userid} }"]', ["{", "}}", "é", "{ {userid} }"]),
        ("[1.50, -0, 1e2, true, false, null]", [1.5, 0, 100.0, True, False, None]),
        (" {} ", {}),
        ("[ ]", []),
    ],
)
def test_a_placeholder_becomes_what_its_place_asks_for(template: str, expected: Any) -> None:
    assert rendered(template) == expected
    assert type(rendered(template)) is type(expected)


def test_the_envelope_can_be_named() -> None:
    template = """["{{event.id}}", {{event.type}}, {{event.key}}, {{event.source}}, {{event.time}}, {{delivery.id}},
                   {{now}}, {{event}}]"""

    assert orjson.loads(body(template)) == [
        "e-1",
        r"\core\event\user_graded",
        "core.event.user_graded",
        "moodle",
        "2026-11-20T00:00:00Z",
        "d-1",
        "2026-11-20T23:28:05.120Z",
        EVENT.to_mapping(),
    ]


def test_now_is_told_in_utc() -> None:
    madrid = datetime(2026, 11, 21, 0, 28, 5, tzinfo=timezone(timedelta(hours=1)))

    assert compile_json("{{now}}")(Scope(EVENT, "d-1", madrid)) == '"2026-11-20T23:28:05.000Z"'


def test_an_event_in_quotes_is_its_json_as_text() -> None:
    assert orjson.loads(orjson.loads(body('"{{event}}"'))) == EVENT.to_mapping()


def test_numbers_of_the_template_stay_as_they_are_spelt() -> None:
    assert body('{"n": 12345678901234567890123456789, "m": 1.00}') == '{"n":12345678901234567890123456789,"m":1.00}'


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{nope | default('n/a')}}", "n/a"),
        ("{{relateduserid | default('n/a')}}", "n/a"),
        ("{{other.empty | default('n/a')}}", ""),
        ("{{userid | default('n/a')}}", 5),
        (r"{{nope | default('it\'s }} \\ ok')}}", r"it's }} \ ok"),
        ("""{{nope | default('"')}}""", '"'),
        ("""{"a": "{{nope | default('"')}}"}""", {"a": '"'}),
        ("{{nope | default('7') | int}}", 7),
        ("{{nope|default('')}}", ""),
        ("{{other.some-key | upper}}", "DASH"),
        ("{{userid | upper}}", "5"),
        ("{{x | lower}}", " ñ "),
        ("{{x | trim}}", "Ñ"),
        ("{{other.finalgrade | number}}", 87.5),
        ('"{{other.finalgrade | number}}"', "87.5"),
        ("{{other.finalgrade | int}}", 87),
        ("{{userid | number}}", 5),
        ("{{flag | int}}", 1),
        ("{{userid | string}}", "5"),
        ("{{flag | string}}", "true"),
        ("{{other | string}}", orjson.dumps(GRADED["other"]).decode()),
        ("{{x | json}}", '" Ñ "'),
        ("{{items | json}}", '[{"sku":"a"},[1,2]]'),
        ("{{nope | upper}}", None),
        ("{{relateduserid | number}}", None),
        ("{{relateduserid | string}}", None),
    ],
)
def test_filters(template: str, expected: Any) -> None:
    assert rendered(template, {**GRADED, "x": " Ñ "}) == expected


def test_a_number_beyond_64_bits_is_kept_to_the_last_digit() -> None:
    event = Event(id="e", source="s", type="t", data={"big": "1" * 40})

    assert body("[{{big | number}},{{big | int}}]", event=event) == f"[{'1' * 40},{'1' * 40}]"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"a": {{nope | omit}}, "b": 1}', {"b": 1}),
        ('{"b": 1, "a": {{nope | omit}}}', {"b": 1}),
        ('{"a": {{relateduserid | omit}}}', {}),
        ('{"a": "{{nope | omit}}", "b": {{userid | omit}}}', {"b": 5}),
        ('{"a": "{{userid | omit}}"}', {"a": "5"}),
        ("[{{nope | omit}}, 1, {{nope | omit}}, 2, {{nope | omit}}]", [1, 2]),
        ("[{{nope | omit}}]", []),
        ('[{"a": {{nope | omit}}, "b": [{{nope | omit}}]}, {{userid | omit}}]', [{"b": []}, 5]),
        ("[{{nope | omit | default('x')}}]", ["x"]),
        ("[{{other.empty | omit}}]", [""]),
    ],
)
def test_omit_leaves_out_the_whole_entry(template: str, expected: Any) -> None:
    assert rendered(template) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("[{{userid}}, {{relateduserid}}]", [5, None]),
        ("[{{nope | default('x')}}]", ["x"]),
        ("[{{nope | omit}}]", []),
    ],
)
def test_missing_error_lets_pass_what_is_there_or_provided_for(template: str, expected: Any) -> None:
    assert orjson.loads(body(template, strict=True)) == expected


@pytest.mark.parametrize("template", ["[{{other.nope}}]", '"{{ other.nope | upper }}"'])
def test_missing_error_refuses_and_names_the_path(template: str) -> None:
    with pytest.raises(Unrenderable, match=r"\{\{other.nope\}\}: the event has no such value"):
        body(template, strict=True)


def test_an_event_without_a_time_has_no_time() -> None:
    with pytest.raises(Unrenderable, match=r"\{\{event.time\}\}"):
        body("{{event.time}}", event=Event(id="e", source="s", type="t"), strict=True)


@pytest.mark.parametrize(
    ("template", "data"),
    [
        ("{{x | number}}", "twelve"),
        ("{{x | number}}", ""),
        ("{{x | number}}", []),
        ("{{x | int}}", "1e999"),
        ("{{x | upper}}", {"secret": 1}),
        ("{{x | trim}}", ["secret"]),
        ("{{x}}", "\ud800secret"),
        ('"{{x}}"', "\ud800secret"),
    ],
)
def test_a_value_that_cannot_be_written_is_refused_with_its_path_and_without_its_content(
    template: str, data: Any
) -> None:
    with pytest.raises(Unrenderable, match=r"^\{\{x\}\}: ") as refused:
        rendered(template, {"x": data})

    assert "secret" not in str(refused.value)
    assert "twelve" not in str(refused.value)


def test_a_value_nested_beyond_what_can_be_written_is_refused() -> None:
    nested: Any = []
    for _ in range(2000):
        nested = [nested]

    with pytest.raises(Unrenderable, match=r"\{\{x\}\}"):
        rendered("{{x}}", {"x": nested})


@pytest.mark.parametrize("key", ["fixed", "other"])
def test_a_value_cannot_take_the_place_of_another_key(key: str) -> None:
    template = '{"fixed": false, "{{a}}": true, "{{b}}": true}'

    with pytest.raises(Unrenderable, match="two keys"):
        rendered(template, {"a": "other", "b": key})
    assert rendered(template, {"a": "other", "b": "third"}) == {"fixed": False, "other": True, "third": True}


@pytest.mark.parametrize(
    ("template", "line", "column", "message"),
    [
        ("", 1, 1, "empty document"),
        ("{", 1, 2, "not valid JSON"),
        ('{"a": }', 1, 7, "expected a JSON value"),
        ('{"a" {{userid}}}', 1, 6, "expected ':' after key"),
        ('{\n  "é": {{userid}}\n  "b": 1\n}', 3, 3, "expected ',' or '}'"),
        ('{"a": 1,}', 1, 8, "trailing comma"),
        ("{ {{userid}}: 1 }", 1, 3, "expected a string key"),
        ("[{{userid}}{{userid}}]", 1, 12, "expected ',' or ']'"),
        ("[1{{userid}}]", 1, 3, "not valid JSON"),
        ("[-{{userid}}]", 1, 3, "not valid JSON"),
        ("hello {{userid}}", 1, 1, "not valid JSON"),
        ('["{{userid}}, 1]', 1, 17, "unexpected end"),
        (r'"\{{userid}}"', 1, 2, "invalid escaped sequence"),
        (r'"\u00{{userid}}"', 1, 2, "not valid JSON"),
        (r'"\ud83d{{userid}}"', 1, 2, "surrogate"),
        ("NaN", 1, 1, "not valid JSON"),
        ("{{userid | uper}}", 1, 12, "unknown filter uper (did you mean upper?)"),
        ("\n\n {{userid | zzzzz}}", 3, 13, "expected one of date default hash int join json"),
        ("{{event.tpye}}", 1, 1, "unknown name event.tpye (did you mean event.type?)"),
        ("{{delivery}}", 1, 1, "a value of the event's data is data.delivery"),
        ("{{now.year}}", 1, 1, "unknown name now.year"),
        ("{{x | default}}", 1, 7, "filter default: expected 1 argument, in single quotes, found 0"),
        ("{{x | upper('a')}}", 1, 7, "filter upper: expected no arguments, in single quotes, found 1"),
        ('{{x | default("a")}}', 1, 15, "expected single quotes, such as default('n/a'), found double quotes"),
        ("{{x | default(5)}}", 1, 15, "expected a text in single quotes, found 5"),
        ("{{x | default('a'}}", 1, 18, "expected , or ), found }"),
        ("{{x | default('a)}}", 1, 15, "this quote is never closed"),
        ("{{x |}}", 1, 6, "expected the name of a filter, found }"),
        ("{{}}", 1, 3, "expected a name such as userid"),
        ("{{ a..b }}", 1, 5, "expected | and a filter, or }}, found ."),
        ("{{ user id }}", 1, 9, "expected | and a filter, or }}, found i"),
        ("{{ items[x] }}", 1, 9, "found ["),
        ("{{{userid}}}", 1, 1, "found three braces"),
        ("[{{#each items}}]", 1, 2, "templates have no conditions, loops or parts"),
        ("[{{/each}}]", 1, 2, "templates have no conditions, loops or parts"),
        ("[{{! why }}]", 1, 2, "templates have no comments"),
        ("[{{&userid}}]", 1, 2, "found {{&, expected {{"),
        ("[\n{% if x %} 1 ]", 2, 1, "templates have no conditions, loops or parts"),
        ("[{%- endfor %}]", 1, 2, "templates have no conditions, loops or parts"),
        ("{{\n\n  x\n  | uper\n}}", 4, 5, "did you mean upper?"),
        ("{{x | json | json}}", 1, 14, "filter json: it stands here a second time"),
        ("{{x | truncate}}", 1, 7, "filter truncate: expected 1 or 2 arguments, in single quotes, found 0"),
        ("{{x | map('a')}}", 1, 7, "filter map: expected at least 2 arguments, in single quotes, found 1"),
        ("[{{userid", 1, 10, "found the end of the template"),
        ("{{userid | omit}}", 1, 1, "omit leaves out an entry"),
        ('["a{{userid | omit}}"]', 1, 4, "omit leaves out an entry"),
        ('{"{{userid | omit}}": 1}', 1, 3, "omit leaves out an entry"),
    ],
)
def test_a_template_that_cannot_be_meant_is_refused_with_line_and_column(
    template: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(InvalidRule) as refused:
        compile_json(template)

    [fault] = refused.value.faults
    assert message in fault.message
    assert (fault.line, fault.column) == (line, column)


def test_all_faults_of_a_template_are_told_at_once() -> None:
    with pytest.raises(InvalidRule) as refused:
        compile_json('{"a": {{x | uper | lowr}},\n "b": {{event.tpye}},}')

    hints = [fault.hint for fault in refused.value.faults]
    assert len(hints) == 4
    assert {"upper", "lower", "event.type"} <= set(hints)


def test_of_very_many_faults_the_first_are_told() -> None:
    with pytest.raises(InvalidRule) as refused:
        compile_json("{{}}" * 1000)

    assert [fault.column for fault in refused.value.faults] == [3 + 4 * number for number in range(20)]


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(InvalidRule, match="the key 'a' stands 2 times"):
        compile_json('{"a": 1, "b": {"a": 1}, "a": {{userid}}}')


@pytest.mark.parametrize("template", ["[" * 900 + "]" * 900, "[" * 100_000])
def test_endless_nesting_is_refused(template: str) -> None:
    with pytest.raises(InvalidRule, match=r"nested too deeply|depth limit"):
        compile_json(template)
