"""A WSDL around a schema, for tests: one operation, whose parameters are the element `call`."""

from collections.abc import Mapping
from typing import Any

from lxml import etree

from pipeline.attempt.soap.envelope import build_envelope
from pipeline.attempt.soap.wsdl import Wsdl, read_wsdl

_XS = "http://www.w3.org/2001/XMLSchema"
_AROUND = f"""
<definitions targetNamespace="urn:t" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" xmlns:xs="{_XS}"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/">
  <types>{{schema}}</types>
  <message name="In"><part name="parameters" element="t:call"/></message>
  <portType name="T"><operation name="call"><input message="t:In"/></operation></portType>
  <binding name="T" type="t:T">
    <soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="call"><soap:operation/><input><soap:body use="literal"/></input></operation>
  </binding>
  <service name="T"><port name="T" binding="t:T"><soap:address location="http://127.0.0.1/"/></port></service>
</definitions>
"""


def schema_of(content: str, types: str = "") -> str:
    """A schema whose element `call` has this content."""
    call = f"<xs:element name='call'><xs:complexType>{content}</xs:complexType></xs:element>"
    begun = f"<xs:schema xmlns:xs='{_XS}' xmlns:t='urn:t' targetNamespace='urn:t' elementFormDefault='qualified'>"
    return f"{begun}{types}{call}</xs:schema>"


def wsdl_of(schema: str, more: Mapping[str, bytes] | None = None) -> Wsdl:
    """A WSDL with this schema, read from memory."""
    root = "http://127.0.0.1/wsdl"
    documents = {root: _AROUND.format(schema=schema).encode(), **(more or {})}
    return read_wsdl(root, documents.__getitem__, documents, None)


def call_of(schema: str, payload: str | None) -> Any:
    """The element that a payload becomes, which must be valid by lxml's XML Schema."""
    built = build_envelope(wsdl_of(schema), "call", payload, {})
    ((call,),) = etree.fromstring(built.content)
    etree.XMLSchema(etree.fromstring(schema)).assertValid(call)
    return call


def plain(element: Any) -> str:
    """An element without namespaces."""
    name = etree.QName(element).localname
    attributes = "".join(f' {etree.QName(key).localname}="{value}"' for key, value in element.attrib.items())
    return f"<{name}{attributes}>{element.text or ''}{''.join(map(plain, element))}</{name}>"
