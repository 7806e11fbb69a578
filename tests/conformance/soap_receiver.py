"""A SOAP server upon the HTTP one: it reads envelopes by the schema of its WSDL, and answers by its word.

It knows nothing of zeep: what a call holds is found with lxml, and judged by lxml's own XML Schema.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from ssl import SSLContext
from typing import Any

from aiohttp import web
from counterpart import Play
from http_receiver import Answer, HttpArrived, HttpReceiver, running
from lxml import etree

FOLDER = Path(__file__).with_name("wsdl")
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_XS = "{http://www.w3.org/2001/XMLSchema}"
_RESULT = "<p:createPersonResponse xmlns:p='urn:example:people'><p:id>7</p:id></p:createPersonResponse>"


@cache
def _schema(wsdl: str) -> etree.XMLSchema:
    (schema,) = etree.parse(FOLDER / wsdl).iter(f"{_XS}schema")
    # Written anew, so that it brings the namespaces of what is around it.
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


def called(envelope: bytes, wsdl: str = "people.wsdl") -> Any:
    """The one element in an envelope's body, valid by the WSDL's schema."""
    root = etree.fromstring(envelope)
    (content,) = next(child for child in root if etree.QName(child).localname == "Body")
    _schema(wsdl).assertValid(content)
    return content


def texts(element: Any) -> dict[str, Any]:
    """What an element holds, by local names: text, or the same again; what comes twice as a list."""
    held: dict[str, Any] = {}
    for child in element:
        name, value = etree.QName(child).localname, texts(child) if len(child) else child.text
        held[name] = value if name not in held else [*_listed(held[name]), value]
    return held


def envelope(body: str, version: str = SOAP11) -> str:
    """An envelope around a body."""
    return f"<s:Envelope xmlns:s='{version}'><s:Body>{body}</s:Body></s:Envelope>"


def fault11(code: str, said: str = "it says why") -> str:
    """A fault of SOAP 1.1."""
    fault = f"<faultcode>{code}</faultcode><faultstring>{said}</faultstring><detail><why>too long</why></detail>"
    return envelope(f"<s:Fault xmlns:wsse='{WSSE}' xmlns:own='urn:own'>{fault}</s:Fault>")


def fault12(code: str, subcode: str = "") -> str:
    """A fault of SOAP 1.2."""
    below = f"<s:Subcode><s:Value>{subcode}</s:Value></s:Subcode>" if subcode else ""
    said = "<s:Reason><s:Text xml:lang='en'>it says why</s:Text></s:Reason>"
    return envelope(f"<s:Fault><s:Code><s:Value>{code}</s:Value>{below}</s:Code>{said}</s:Fault>", SOAP12)


#: Answers by a word: status, media type, body.
_WORDS: dict[str, tuple[int, str, str]] = {
    "200": (200, "text/xml", envelope(_RESULT)),
    "202": (202, "text/xml", ""),
    **{
        str(status): (status, "text/html", "<!DOCTYPE html><p>no")
        for status in (301, 400, 401, 403, 404, 429, 502, 503)
    },
    "500": (500, "text/html", "<html>"),
    "client": (500, "text/xml", fault11("s:Client")),
    "client.particular": (500, "text/xml", fault11("s:Client.Schema")),
    "server": (500, "text/xml", fault11("s:Server")),
    "server with 200": (200, "text/xml", fault11("s:Server")),
    "must understand": (500, "text/xml", fault11("s:MustUnderstand")),
    "failed authentication": (500, "text/xml", fault11("wsse:FailedAuthentication")),
    "invalid security": (500, "text/xml", fault11("wsse:InvalidSecurity")),
    "client with 401": (401, "text/xml", fault11("s:Client")),
    "own code with 400": (400, "text/xml", fault11("own:Code")),
    "own code with 500": (500, "text/xml", fault11("own:Code")),
    "sender": (400, "application/soap+xml", fault12("s:Sender")),
    "receiver": (500, "application/soap+xml", fault12("s:Receiver")),
    "sender without authentication": (400, "application/soap+xml", fault12("s:Sender", "wsse:FailedAuthentication")),
    "html with 200": (200, "text/html", "<!DOCTYPE html><p>Welcome"),
    "other xml": (200, "text/xml", "<a/>"),
    "text": (200, "text/plain", "OK"),
    "entities": (200, "text/xml", "<!DOCTYPE a [<!ENTITY b 'c'>]>" + envelope("&b;")),
}


def answer_by(word: str) -> Answer:
    """The answer of that word."""
    status, media_type, body = _WORDS[word]
    return web.Response(status=status, content_type=media_type, text=body)


@asynccontextmanager
async def speaking(
    play: Play, tls: SSLContext | None = None, *, respond: Callable[[HttpArrived], Answer] | None = None
) -> AsyncIterator[HttpReceiver]:
    """A receiver that answers by its word, or as it is told to."""
    async with running(play, tls) as receiver:
        receiver.respond = respond or (lambda _: answer_by(receiver.answer))
        yield receiver


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
