"""What only libxml2 checks of a payload: what zeep drops of a schema as it reads it."""

import pytest
from soap_wsdl import schema_of, wsdl_of

from pipeline.attempt.soap.envelope import build_envelope
from pipeline.attempt.soap.fitting import Misfit

_FACETS = {
    "<xs:enumeration value='a'/><xs:enumeration value='b'/>": "expected one of the values that its type lists",
    "<xs:pattern value='[ab]'/>": "expected what the pattern of its type allows",
    "<xs:maxLength value='1'/>": "expected the length that its type asks for",
}


def _type(base: str, facets: str) -> str:
    return f"<xs:simpleType name='V'><xs:restriction base='xs:{base}'>{facets}</xs:restriction></xs:simpleType>"


def _told(schema: str, payload: str, more: dict[str, bytes] | None = None) -> str:
    with pytest.raises(Misfit) as found:
        build_envelope(wsdl_of(schema, more), "call", payload, {})
    return str(found.value)


_MANY = "<xs:sequence><xs:element name='v' type='t:V' maxOccurs='3'/></xs:sequence>"


@pytest.mark.parametrize(("facets", "told"), _FACETS.items())
def test_a_facet_that_does_not_hold_is_told_by_path_and_without_the_value(facets: str, told: str) -> None:
    schema = schema_of(_MANY, _type("string", facets))
    assert _told(schema, '{"v": ["a", "secret"]}') == f"v[1]: {told}"
    build_envelope(wsdl_of(schema), "call", '{"v": ["a", "b"]}', {})


@pytest.mark.parametrize(
    ("facets", "payload", "told"),
    [
        ("<xs:maxInclusive value='9'/>", '{"v": 10}', "v: expected a number in the range of its type"),
        ("<xs:minExclusive value='9'/>", '{"v": 9}', "v: expected a number in the range of its type"),
        ("<xs:fractionDigits value='1'/>", '{"v": 0.25}', "v: expected no more digits than its type has"),
    ],
)
def test_a_number_that_its_type_does_not_allow_is_told(facets: str, payload: str, told: str) -> None:
    assert _told(schema_of(_MANY, _type("decimal", facets)), payload) == told


def test_a_choice_of_nothing_is_told() -> None:
    choice = "<xs:choice><xs:element name='a' type='xs:int'/><xs:element name='b' type='xs:int'/></xs:choice>"
    assert _told(schema_of(choice), "{}") == "expected other elements in it"


def test_a_schema_that_is_imported_is_checked_too() -> None:
    type_v = _type("int", "<xs:maxInclusive value='9'/>")
    around = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:o'>{}</xs:schema>"
    content = "<xs:sequence><xs:element name='v' type='o:V' xmlns:o='urn:o'/></xs:sequence>"
    schema = schema_of(content, "<xs:import namespace='urn:o' schemaLocation='o.xsd'/>")
    told = _told(schema, '{"v": 10}', {"http://127.0.0.1/o.xsd": around.format(type_v).encode()})
    assert told == "v: expected a number in the range of its type"


def test_schemas_that_libxml2_cannot_compile_leave_the_check_to_the_service() -> None:
    twice = "<xs:element name='v' type='xs:int' minOccurs='0'/><xs:element name='v' type='xs:int'/>"
    wsdl = wsdl_of(schema_of(f"<xs:sequence>{twice}</xs:sequence>"))
    assert b">5<" in build_envelope(wsdl, "call", '{"v": 5, "v__1": 6}', {}).content


def test_a_value_that_a_pattern_is_too_intricate_to_be_checked_for_is_left_to_the_service() -> None:
    content = "<xs:sequence><xs:element name='e' type='t:E'/></xs:sequence>"
    pattern = "<xs:restriction base='xs:string'><xs:pattern value='(a|aa)+b'/></xs:restriction>"
    schema = schema_of(content, f"<xs:simpleType name='E'>{pattern}</xs:simpleType>")
    value = "a" * 3000
    assert value.encode() in build_envelope(wsdl_of(schema), "call", f'{{"e": "{value}"}}', {}).content


def test_a_sequence_that_libxml2_would_compile_for_hours_is_left_to_the_service() -> None:
    elements = "".join(f"<xs:element name='e{n}' type='t:V' minOccurs='0'/>" for n in range(20_000))
    schema = schema_of(f"<xs:sequence>{elements}</xs:sequence>", _type("string", "<xs:maxLength value='1'/>"))
    assert b"e19999>long<" in build_envelope(wsdl_of(schema), "call", '{"e19999": "long"}', {}).content
