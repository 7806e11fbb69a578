"""A payload to the envelope that an operation takes, with the HTTP headers that SOAP asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from zeep import xsd
from zeep.exceptions import ValidationError
from zeep.wsse import UsernameToken

from pipeline.attempt.soap.fitting import Misfit, members, no_such
from pipeline.attempt.soap.wsdl import Wsdl
from pipeline.exact_json import loads


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is sent for one call; `operation` reads its answer."""

    operation: Any
    headers: Mapping[str, str]
    content: bytes


def build_envelope(
    wsdl: Wsdl, name: str, payload: str | None, soap_headers: Mapping[str, Any], token: UsernameToken | None = None
) -> Envelope:
    """Build the envelope of one call, with a WS-Security token if there is one; no payload is no parameters.

    Raises Misfit with what does not fit the WSDL, and where.
    """
    operation = wsdl.operations.get(name)
    if operation is None:
        raise Misfit("", no_such("operation", name, wsdl.operations))
    arguments, values = _arguments(operation, _read(payload))
    if soap_headers:
        header = operation.input.header.type
        values["_soapheaders"] = members(header.elements_nested, (), soap_headers, "soap_headers", "header")
    try:
        envelope, headers = wsdl.create(name, arguments, values)
    except ValidationError as wrong:
        raise Misfit(".".join((wrong.path or [])[1:]), _printable(wrong.message)) from None
    except Exception as wrong:  # noqa: BLE001 - zeep meets what it does not expect with any error there is
        # Its words may hold a value.
        raise Misfit("", f"the payload does not fit {name} ({type(wrong).__name__})") from None
    if operation.style == "document":
        # RPC's element is declared by the WSDL, and by no schema.
        for content in envelope.iterfind("{*}Body/*"):
            wsdl.schema.check(content)
    if token:
        token.apply(envelope, headers)
    return Envelope(operation, headers, etree.tostring(envelope, xml_declaration=True, encoding="utf-8"))


def _read(payload: str | None) -> Any:
    if payload is None:
        return {}
    try:
        return loads(payload)
    except ValueError:
        raise Misfit("", "the payload is no JSON, expected an object of parameters by name") from None


def parameters(operation: Any) -> tuple[Any, Any]:
    """The elements and attributes that an operation's parameters are, by name."""
    body = operation.input.body
    if body is None:
        return (), ()
    is_bare = not isinstance(body.type, xsd.ComplexType)
    return ([(body.name, body)], ()) if is_bare else (body.type.elements_nested, body.type.attributes)


def _arguments(operation: Any, given: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What zeep calls it with: values by name, or the one of a bare simple element by its place."""
    nested, attributes = parameters(operation)
    fitted = members(nested, attributes, given, what="parameter")
    body = operation.input.body
    return ((fitted.get(body.name),), {}) if nested and nested[0][1] is body else ((), fitted)


def _printable(message: str) -> str:
    return message if message.isprintable() else "does not fit the schema"
