"""What an answer says: a result as JSON, a fault, or something that is no SOAP at all."""

from base64 import b64encode
from email import message_from_bytes
from typing import Any

from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.helpers import serialize_object
from zeep.loader import parse_xml
from zeep.ns import SOAP_ENV_11, SOAP_ENV_12
from zeep.wsdl.messages.multiref import process_multiref
from zeep.xsd.context import XmlParserContext

from pipeline.attempt.ending import Answered, Stated
from pipeline.attempt.http_answer import HttpAnswer
from pipeline.attempt.soap.fault import stated_by
from pipeline.attempt.soap.wsdl import SETTINGS, Wsdl
from pipeline.exact_json import dumps
from pipeline.outcome import Ending

#: Bytes of an answer that are read: one that is cut off can be no SOAP.
ANSWER_LIMIT = 4 * 2**20
#: HTTP's own "later", perhaps with a Retry-After: gateways put a fault of the client beneath it.
_LATER = frozenset({408, 425, 429, 503})
_BLANK = b"\xef\xbb\xbf \t\r\n"
_ENVELOPES = {f"{{{namespace}}}Envelope": namespace for namespace in (SOAP_ENV_11, SOAP_ENV_12)}


def read_reply(answer: HttpAnswer, wsdl: Wsdl, operation: Any) -> Answered | Stated:
    """Read an answer; where HTTP refuses and no fault says more, its status speaks."""
    if answer.status in _LATER:
        return _answered(answer, _plain(answer))
    is_success = 200 <= answer.status < 300  # noqa: PLR2004 - the class of success
    body = _body(answer)
    if isinstance(body, str):
        is_nothing = answer.is_whole and not answer.body.strip()
        if is_success and not is_nothing:
            return Stated(Ending.MAY_PASS, f"the answer is not SOAP: {body}", _plain(answer))
        return _answered(answer, _plain(answer))
    for fault in body.iterchildren(f"{{{etree.QName(body).namespace}}}Fault"):
        return stated_by(fault, answer.status)
    return _answered(answer, _result(body, wsdl, operation) if is_success else _plain(answer))


def _answered(answer: HttpAnswer, text: str) -> Answered:
    return Answered(answer.status, text, answer.headers.get("Retry-After"), answer.is_whole)


def _plain(answer: HttpAnswer) -> str:
    return answer.body.decode(errors="replace")


def _body(answer: HttpAnswer) -> Any:
    """The envelope's body, or why there is none."""
    if not answer.is_whole:
        return f"it is longer than {ANSWER_LIMIT} bytes"
    try:
        envelope = parse_xml(_root_part(answer).lstrip(_BLANK), None, settings=SETTINGS)
    except ZeepError as wrong:
        # DTDForbidden, EntitiesForbidden: what they declare was not expanded.
        return "it is no XML" if type(wrong).__name__ == "XMLSyntaxError" else "it declares a DTD"
    namespace = _ENVELOPES.get(envelope.tag)
    body = None if namespace is None else envelope.find(f"{{{namespace}}}Body")
    return "it is other XML" if body is None else body


def _root_part(answer: HttpAnswer) -> bytes:
    """The XML of an answer with attachments (MTOM), which is the first of its parts, or all that there is."""
    kind = answer.headers.get("Content-Type", "")
    if not kind.lower().startswith("multipart/"):
        return answer.body
    parts = message_from_bytes(
        b"Content-Type: %s\r\n\r\n%s" % (kind.encode(errors="surrogateescape"), answer.body)
    ).get_payload()
    content = parts[0].get_payload(decode=True) if isinstance(parts, list) else None  # type: ignore[union-attr]  # of texts
    return content if isinstance(content, bytes) else b""


def _result(body: Any, wsdl: Wsdl, operation: Any) -> str:
    """What the operation gives, by name, as JSON; what the WSDL does not know stays XML, for it was accepted."""
    expected = operation.output.body if operation.output else None
    content = next(body.iterchildren("*"), None)
    if expected is None or content is None:
        return ""
    try:
        # zeep's own process_reply drops the names of what stands alone, so that a success test could not ask for it.
        process_multiref(body)
        found = expected.parse(content, wsdl.client.wsdl.types, context=XmlParserContext(settings=SETTINGS))
        return dumps(serialize_object(found, dict), otherwise=_written).decode()
    except Exception:  # noqa: BLE001 - zeep meets what it does not expect with any error there is
        return str(etree.tostring(content, encoding="unicode"))


def _written(odd: Any) -> Any:
    match odd:
        case bytes():
            return b64encode(odd).decode()
        case etree._Element():  # noqa: SLF001 - lxml has no public name for what it gives
            return etree.tostring(odd, encoding="unicode")
        case _:
            return str(odd)
