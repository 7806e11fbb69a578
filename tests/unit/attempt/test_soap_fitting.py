"""What a schema may be made of, and the JSON that fits it; what comes out is judged by lxml's XML Schema."""

import pytest
from soap_wsdl import call_of, plain, schema_of

from pipeline.attempt.soap.fitting import Misfit

_PRICE = """<xs:complexType name='Price'><xs:simpleContent><xs:extension base='xs:decimal'>
    <xs:attribute name='currency' type='xs:string' use='required'/></xs:extension></xs:simpleContent>
    </xs:complexType>"""
_LABEL = """<xs:complexType name='Label'><xs:simpleContent><xs:extension base='xs:string'>
    <xs:attribute name='lang' type='xs:string'/></xs:extension></xs:simpleContent></xs:complexType>"""
_BASE = """<xs:complexType name='Base'><xs:sequence><xs:element name='a' type='xs:int'/></xs:sequence></xs:complexType>
    <xs:complexType name='More'><xs:complexContent><xs:extension base='t:Base'><xs:sequence>
    <xs:element name='b' type='xs:int'/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>"""
_SIMPLE = """<xs:simpleType name='Ids'><xs:list itemType='xs:int'/></xs:simpleType>
    <xs:simpleType name='Either'><xs:union memberTypes='xs:int xs:boolean'/></xs:simpleType>
    <xs:simpleType name='Short'><xs:restriction base='xs:int'/></xs:simpleType>"""
_TREE = """<xs:complexType name='Tree'><xs:sequence><xs:element name='name' type='xs:string'/>
    <xs:element name='below' type='t:Tree' minOccurs='0' maxOccurs='unbounded'/></xs:sequence></xs:complexType>"""
_GROUP = """<xs:group name='Pair'><xs:sequence><xs:element name='a' type='xs:int'/><xs:element name='b' type='xs:int'/>
    </xs:sequence></xs:group>"""
_TYPES = _PRICE + _LABEL + _BASE + _SIMPLE + _TREE + _GROUP


def _sequence(*elements: str) -> str:
    return schema_of(f"<xs:sequence>{''.join(elements)}</xs:sequence>", _TYPES)


def _element(kind: str, more: str = "") -> str:
    return f"<xs:element name='v' type='{kind}' {more}/>"


@pytest.mark.parametrize(
    ("schema", "payload", "written"),
    [
        (_sequence(_element("t:Price")), '{"v": {"_value_1": 1.10, "currency": "EUR"}}', '<v currency="EUR">1.1</v>'),
        (_sequence(_element("t:Label")), '{"v": "plain"}', "<v>plain</v>"),
        (_sequence(_element("t:More")), '{"v": {"b": 2, "a": 1}}', "<v><a>1</a><b>2</b></v>"),
        (_sequence(_element("t:Ids")), '{"v": [1, 2]}', "<v>1 2</v>"),
        (_sequence(_element("t:Either")), '{"v": 5}', "<v>5</v>"),
        (_sequence(_element("t:Short")), '{"v": 5}', "<v>5</v>"),
        (_sequence(_element("xs:anyType")), '{"v": "a"}', "<v>a</v>"),
        (_sequence(_element("t:Base", "nillable='true'")), '{"v": null}', '<v nil="true"></v>'),
        (_sequence(_element("xs:int", "nillable='true'")), "{}", '<v nil="true"></v>'),
        (_sequence(_element("xs:int", "minOccurs='0'")), '{"v": null}', ""),
        (_sequence(_element("xs:int", "minOccurs='0'")), None, ""),
        (_sequence(_element("xs:int", "maxOccurs='2'")), '{"v": 1}', "<v>1</v>"),
        (_sequence(_element("t:Tree")), '{"v": {"name": "a", "below": [{"name": "b"}]}}',
         "<v><name>a</name><below><name>b</name></below></v>"),
        (_sequence("<xs:group ref='t:Pair'/>"), '{"a": 1, "b": 2}', "<a>1</a><b>2</b>"),
        (_sequence("<xs:choice><xs:element name='a' type='xs:int'/><xs:element name='b' type='xs:int'/></xs:choice>"),
         '{"b": 2, "a": null}', "<b>2</b>"),
        (_sequence("<xs:sequence maxOccurs='2'><xs:element name='a' type='xs:int'/></xs:sequence>"),
         '{"_value_1": [{"a": 1}, {"a": 2}]}', "<a>1</a><a>2</a>"),
        (schema_of("<xs:all><xs:element name='a' type='xs:int'/><xs:element name='b' type='xs:int'/></xs:all>"),
         '{"b": 2, "a": 1}', "<a>1</a><b>2</b>"),
        (schema_of("<xs:attribute name='a' type='xs:int'/>"), '{"a": 1}', '<call a="1"></call>'),
    ],
)  # fmt: skip
def test_a_payload_becomes_what_the_schema_asks_for(schema: str, payload: str | None, written: str) -> None:
    written = written if written.startswith("<call") else f"<call>{written}</call>"
    assert plain(call_of(schema, payload)) == written


@pytest.mark.parametrize(
    ("schema", "payload", "told"),
    [
        (_sequence(_element("t:Price")), '{"v": {"_value_1": 1}}', "v.currency: the element is missing"),
        (_sequence(_element("t:Price")), '{"v": 1}', "v.currency: the element is missing"),
        (_sequence(_element("t:More")), '{"v": {"a": 1}}', "v.b: the element is missing"),
        (_sequence(_element("t:Ids")), '{"v": [1, "a"]}', "v[1]: expected xsd:int, found a text"),
        (_sequence(_element("t:Short")), '{"v": "a"}', "v: expected xsd:int, found a text"),
        (_sequence(_element("xs:int", "minOccurs='2' maxOccurs='3'")), '{"v": [1]}', "v: expected at least 2, found 1"),
        (_sequence(_element("t:Tree")), '{"v": {"name": "a", "below": [{}]}}',
         "v.below[0].name: the element is missing"),
        (_sequence("<xs:choice><xs:element name='a' type='xs:int'/><xs:element name='b' type='xs:int'/></xs:choice>"),
         '{"b": 2, "a": 1}', "expected one of a b, found 2 of them"),
        (_sequence("<xs:any/>"), '{"_value_1": 1}',
         "_value_1: the schema leaves it open (xsd:any), so it cannot be given"),
        (schema_of(""), '{"a": 1}', "unknown parameter a, expected none at all"),
        (schema_of(""), "[" * 100_000, "the payload is no JSON, expected an object of parameters by name"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_by_its_path(schema: str, payload: str, told: str) -> None:
    with pytest.raises(Misfit) as found:
        call_of(schema, payload)
    assert str(found.value) == told


_PAIR = "<xs:element name='a' type='xs:int'/><xs:element name='b' type='xs:int'/>"


@pytest.mark.parametrize("times", ["minOccurs='0'", "minOccurs='0' maxOccurs='3'"])
def test_a_sequence_that_may_be_left_out_may_be_left_out(times: str) -> None:
    call = call_of(_sequence(f"<xs:sequence {times}>{_PAIR}</xs:sequence>", _element("xs:int")), '{"v": 1}')
    assert plain(call) == "<call><v>1</v></call>"


def test_a_sequence_that_may_be_left_out_is_given_whole() -> None:
    schema = _sequence(f"<xs:sequence minOccurs='0'>{_PAIR}</xs:sequence>")
    assert plain(call_of(schema, '{"a": 1, "b": 2}')) == "<call><a>1</a><b>2</b></call>"
    with pytest.raises(Misfit, match=r"^b: "):
        call_of(schema, '{"a": 1}')
