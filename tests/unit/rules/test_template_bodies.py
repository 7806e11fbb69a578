"""Bodies other than JSON."""

from decimal import Decimal
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from template_strategies import scope

from pipeline.errors import Unrenderable
from pipeline.rules.fault import InvalidRule
from pipeline.rules.templates import check_content_type, compile_body

FORM, XML, TEXT, JSON = "application/x-www-form-urlencoded", "application/xml", "text/plain", "application/json"
DECLARED = "<?xml version='1.0' encoding='UTF-8'?>\n<a><!-- ' --></a>"
DATA = {
    "userid": 5,
    "nobody": None,
    "name": 'Ana "A" & <b>\r\n\té\u2028 {{userid}} }}',
    "big": Decimal("123456789012345678901.5"),
    "list": [1, "<"],
}


def body(content_type: str, template: str, data: Any = DATA, *, strict: bool = False) -> str:
    return compile_body(template, content_type, strict=strict)(scope(data))


@pytest.mark.parametrize(
    ("content_type", "template", "expected"),
    [
        (FORM, "a={{userid}}&b={{name}}", f"a=5&b={quote(str(DATA['name']))}"),
        (FORM, "a={{nobody}}&b=", "a=&b="),
        (FORM, "a={{nobody | omit}}&b={{userid | omit}}", "b=5"),
        (FORM, "a={{nobody | omit}}", ""),
        (FORM, "", ""),
        (FORM, "\n", ""),
        (FORM, "\n  a=1\n  &b={{userid}}&\r\n  c=x-{{userid}}.\n", "a=1&b=5&c=x-5."),
        (FORM, "users[0][name]={{userid}}&x%5B%5D=+%20a:/@", "users[0][name]=5&x%5B%5D=+%20a:/@"),
        (FORM, "{{userid}}={{userid}}", "5=5"),
        (FORM, "a={{list}}&b={{big}}", "a=%5B1%2C%22%3C%22%5D&b=123456789012345678901.5"),
        (FORM, "a={{userid | urlencode}}%2F{{list | urlencode}}", "a=5%2F%255B1%252C%2522%253C%2522%255D"),
        (TEXT, "{{name}}\n", f"{DATA['name']}\n"),
        (TEXT, "a={{big}} {{nobody}}\t} {", "a=123456789012345678901.5 \t} {"),
        (TEXT, "", ""),
        (TEXT, "100% {%20}", "100% {%20}"),
        (XML, '<a b="{{userid}}">{{list}}</a>\n', '<a b="5">[1,&quot;&lt;&quot;]</a>\n'),
        (XML, "<a b='{{big}}' />", "<a b='123456789012345678901.5' />"),
        (XML, DECLARED, DECLARED),
        (XML, "<a><![CDATA[<x>]]>{{userid}}<b c='>'/>{{userid}}</a>", "<a><![CDATA[<x>]]>5<b c='>'/>5</a>"),
        (XML, "<a>&lt;{{userid}}&#65;</a>", "<a>&lt;5&#65;</a>"),
        (XML, "<a><b>{{nobody | omit}}</b><c>{{userid | omit}}</c></a>", "<a><c>5</c></a>"),
        (XML, "<a>\n <b x='{{name}}'>{{nobody | omit}}</b>\n</a>", "<a>\n \n</a>"),
        (XML, "<a><b x='{{nobody | omit}}' y='1'>{{userid | omit}}</b></a>", "<a><b y='1'>5</b></a>"),
        (XML, "<a b = \"{{nobody | omit}}\" c='{{userid | omit}}'/>", "<a c='5'/>"),
        (XML, "<n:a xmlns:n='urn:x'><n:b>{{userid}}</n:b></n:a>", "<n:a xmlns:n='urn:x'><n:b>5</n:b></n:a>"),
        (XML, "<a>{{nobody}}</a>", "<a></a>"),
    ],
)  # fmt: skip
def test_a_body_is_escaped_as_its_content_type_asks(content_type: str, template: str, expected: str) -> None:
    assert body(content_type, template) == expected


@pytest.mark.parametrize(
    "value", [DATA["name"], "\r", " \n a\t", "]]>", "\x7f\x85\u2028\ufffd\U0001f600", "--", "&#0;"]
)
def test_a_parser_of_xml_finds_exactly_the_value(value: str) -> None:
    found = ET.fromstring(body(XML, "<a b='{{x}}'>{{x}}</a>", {"x": value}))

    assert (found.text, found.attrib) == (value, {"b": value})


@pytest.mark.parametrize(
    ("content_type", "template"), [(XML, "<a>{{x}}</a>"), (XML, "<a b='{{x}}'/>"), (TEXT, "{{x}}")]
)
@pytest.mark.parametrize("value", ["\0secret", "secret\x0b", "\x1b[31msecret", "secret\ud800", {"secret": "\udfff"}])
def test_a_value_that_a_body_cannot_hold_is_refused_without_its_content(
    content_type: str, template: str, value: Any
) -> None:
    with pytest.raises(Unrenderable, match=r"^\{\{x\}\}: ") as refused:
        body(content_type, template, {"x": value})

    assert "secret" not in str(refused.value)


def test_half_a_character_is_refused_in_a_form() -> None:
    with pytest.raises(Unrenderable, match=r"^\{\{x\}\}: "):
        body(FORM, "a={{x}}", {"x": "\ud800"})


@pytest.mark.parametrize(("content_type", "template"), [(FORM, "a={{x}}"), (XML, "<a>{{x}}</a>"), (TEXT, "{{x}}")])
def test_missing_error_holds_for_every_body(content_type: str, template: str) -> None:
    with pytest.raises(Unrenderable, match=r"\{\{x\}\}: the event has no such value"):
        body(content_type, template, {}, strict=True)


@pytest.mark.parametrize(("content_type", "template"), [(FORM, "a={{x}}"), (XML, "<a>{{x}}</a>"), (TEXT, "{{x}}")])
def test_a_megabyte_in_one_value_is_written_whole(content_type: str, template: str) -> None:
    assert len(body(content_type, template, {"x": "<&é\n" * 250_000})) >= 1_000_000


@pytest.mark.parametrize(
    ("content_type", "template", "line", "column", "message"),
    [
        (FORM, "a={{x}} b", 1, 8, "found ' ', which is written %20"),
        (FORM, "text=Hello\n&b=ñ", 2, 4, "found 'ñ', which is written %C3%B1"),
        (FORM, "a=50%", 1, 5, "which is written %25"),
        (FORM, "a=%2{{x}}", 1, 3, "which is written %25"),
        (FORM, "a=b=c", 1, 4, "which is written %3D"),
        (FORM, "a=\ud800", 1, 3, "expected a form"),
        (FORM, "a", 1, 2, "found no ="),
        (FORM, "a=1&&b=2", 1, 5, "found no ="),
        (FORM, "a=1&", 1, 5, "found no ="),
        (FORM, "=1", 1, 1, "expected a key before ="),
        (FORM, '{"a": 1}', 1, 1, "expected a form"),
        (FORM, "{{data}}", 1, 9, "found no ="),
        (FORM, "a=x{{x | omit}}", 1, 4, "omit leaves out a key and its whole value"),
        (FORM, "{{x | omit}}=1", 1, 1, "omit leaves out a key and its whole value"),
        (FORM, "{{x | omit}}={{x | omit}}", 1, 1, "omit leaves out a key and its whole value"),
        (FORM, "a={{x | uper}}", 1, 9, "did you mean upper?"),
        (TEXT, "a\n\0", 2, 1, "found a control character"),
        (TEXT, "é{{x}}\x1b", 1, 7, "found a control character"),
        (TEXT, "{{x | omit}}", 1, 1, "a plain text has no keys"),
        (TEXT, "Hi {% if x %}", 1, 4, "templates have no conditions"),
        (XML, "", 1, 1, "no element found"),
        (XML, "<a>é{{x}}</b>", 1, 12, "mismatched tag"),
        (XML, "<a>\n<b>é{{\nx}}</a>", 3, 6, "mismatched tag"),
        (XML, "{{x}}<a/>", 1, 6, "not well-formed XML"),
        (XML, "<a/>{{x}}", 1, 5, "junk after document element"),
        (XML, "<a b={{x}}/>", 1, 6, "not well-formed"),
        (XML, "<{{x}}/>", 1, 2, "found one in a name"),
        (XML, "<a {{x}}='1'/>", 1, 4, "found one in a name"),
        (XML, "<a b='1' c{{x}}='1'/>", 1, 11, "found one in a name"),
        (XML, "<a><!-- {{x}} --></a>", 1, 9, "found one in a comment"),
        (XML, "<a><![CDATA[{{x}}]]></a>", 1, 13, "a CDATA section"),
        (XML, "<a><?p {{x}}?></a>", 1, 8, "a processing instruction"),
        (XML, "<a xmlns='{{x}}'/>", 1, 11, "the name of a name space"),
        (XML, "<a xmlns:b='urn:{{x}}'/>", 1, 17, "the name of a name space"),
        (XML, "<n:a>{{x}}</n:a>", 1, 1, "unbound prefix"),
        (XML, "<a>&{{x}};</a>", 1, 4, "undefined entity"),
        (XML, "<a>&#{{x}};</a>", 1, 7, "not well-formed"),
        (XML, "<a>&eacute;</a>", 1, 4, "undefined entity"),
        (XML, "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 1, 13, "expected no DOCTYPE"),
        (XML, "<?xml version='1.0' encoding='ISO-8859-1'?><a/>", 1, 1, "expected the encoding UTF-8, found ISO-8859-1"),
        (XML, "<?xml version='1.0' encoding='UTF-16'?><a/>", 1, 1, "expected the encoding UTF-8, found UTF-16"),
        (XML, "<?xml version='1.1'?><a/>", 1, 1, "expected XML of version 1.0"),
        (XML, "<a>\ud800</a>", 1, 4, "half a character"),
        (XML, "<a>\0</a>", 1, 4, "not well-formed"),
        (XML, "<a b='1' b='{{x}}'/>", 1, 10, "duplicate attribute"),
        (XML, "<a>{{x | omit}}</a>", 1, 4, "omit leaves out an element whose whole content it is"),
        (XML, "<a><b> {{x | omit}}</b></a>", 1, 8, "omit leaves out an element whose whole content it is"),
        (XML, "<a><b/>{{x | omit}}</a>", 1, 8, "omit leaves out an element whose whole content it is"),
        (XML, "<a><!-- -->{{x | omit}}</a>", 1, 12, "omit leaves out an element whose whole content it is"),
        (XML, "<!-- --><a>{{x | omit}}</a>", 1, 12, "omit leaves out an element whose whole content it is"),
        (XML, "<a><b {{x}}=''>{{y | omit}}</b></a>", 1, 7, "found one in a name"),
        (XML, "<a b='c{{x | omit}}'/>", 1, 8, "an attribute whose whole value it is"),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused_with_line_and_column(
    content_type: str, template: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(InvalidRule) as refused:
        compile_body(template, content_type, strict=False)

    [fault] = refused.value.faults
    assert message in fault.message
    assert (fault.line, fault.column) == (line, column)


@pytest.mark.parametrize(
    ("content_type", "template", "told"),
    [
        (FORM, "a&" * 100, 20),
        (XML, "<a>{{x | omit}}<b/>{{x | omit}}</a>", 2),
        (XML, "<a>" + "<!-- {{x}} -->" * 100 + "</a>", 20),
        (XML, "<a><!--" + "{{x}}" * 100 + "--></a>", 20),
        (JSON, "[" + '"a{{x | omit}}",' * 100 + "1]", 20),
        (JSON, "[" + '{"a":1,"a":2},' * 100 + "1]", 20),
        (TEXT, "{{x | omit}}" * 100, 20),
        (TEXT, "{{x | uper}}" * 100, 20),
    ],
)
def test_all_faults_of_a_body_are_told_but_no_more_than_twenty(content_type: str, template: str, told: int) -> None:
    with pytest.raises(InvalidRule) as refused:
        compile_body(template, content_type, strict=False)

    assert len(refused.value.faults) == told


@pytest.mark.parametrize(
    ("content_type", "template", "expected"),
    [
        ("application/json; charset=utf-8", "[{{userid}}]", "[5]"),
        ("Application/JSON", "[{{userid}}]", "[5]"),
        ("application/vnd.api+json", "[{{userid}}]", "[5]"),
        ("text/plain;charset=UTF-8", "<{{userid}}>", "<5>"),
        ('text/xml; charset="utf-8"', "<a>{{list}}</a>", "<a>[1,&quot;&lt;&quot;]</a>"),
        ("application/soap+xml; action=x", "<a>{{list}}</a>", "<a>[1,&quot;&lt;&quot;]</a>"),
        (f"{FORM}; charset=utf-8", "a={{list}}", "a=%5B1%2C%22%3C%22%5D"),
    ],
)
def test_a_content_type_says_what_the_body_is(content_type: str, template: str, expected: str) -> None:
    check_content_type(content_type)

    assert body(content_type, template) == expected


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        ("", "expected a content type such as text/plain"),
        ("json", "expected a content type"),
        ("text/plain\r\nX-A: b", "expected a content type"),
        ("text/plain; a", "expected a content type"),
        ('text/plain; a="b', "expected a content type"),
        ("text/plain; charset=é", "expected a content type"),
        ("text/html", "unknown content type text/html"),
        ("multipart/form-data", "expected one of *+json *+xml application/json application/x-www-form-urlencoded"),
        ("application/jsn", "did you mean application/json?"),
        ("application/x+zip", "unknown content type application/x+zip"),
        ("text/plain; charset=latin1", "expected charset=utf-8, found charset=latin1"),
        ('text/plain; a=b; Charset="utf-16"', "expected charset=utf-8, found charset=utf-16"),
    ],
)
def test_a_content_type_that_is_not_served_is_refused(content_type: str, message: str) -> None:
    with pytest.raises(InvalidRule) as refused:
        check_content_type(content_type)

    assert message in str(refused.value)


def test_a_key_of_a_form_that_comes_out_empty_is_refused() -> None:
    with pytest.raises(Unrenderable, match="a key of the form came out empty"):
        body(FORM, "{{name}}={{value}}&b=1", {"value": 5})
