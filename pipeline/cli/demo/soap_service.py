"""A SOAP service of the demo's own: it gives out its WSDL, holds each call to it, and can refuse with a fault."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import web
from lxml import etree

from pipeline.cli.demo.calls import called, spelled
from pipeline.cli.demo.evidence import Call, Evidence

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#: Where the WSDL has the service's address, which is known when it runs.
_ADDRESS = "http://127.0.0.1/people"
_ACCEPTED = "<changePersonResponse xmlns='urn:mih:demo:people'/>"


@dataclass(slots=True, eq=False)
class SoapService:
    """One service, and the password in the envelope's header without which it lets nobody in."""

    slug: str
    password: str
    seen: Evidence
    refuses: bool = False

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request: for the WSDL, or a call."""
        if request.method == "GET":
            return web.Response(
                text=_wsdl().replace(_ADDRESS, str(request.url.with_query(None))), content_type="text/xml"
            )
        self.seen.asked[self.slug] += 1
        envelope = etree.fromstring(await request.read(), etree.XMLParser(resolve_entities=False))
        if envelope.findtext(f".//{{{_WSSE}}}Password") != self.password:
            return _fault("wsse:FailedAuthentication", "who is this?")
        call = envelope.find(f"{{{_SOAP}}}Body/*")
        if call is None or not _schema().validate(call):
            return _fault("s:Client", "this is no call of the WSDL's")
        if self.refuses:
            return _fault("s:Client", "a person needs a number")
        self.seen.accept(self._call(call, request.headers.get("Idempotency-Key", "")))
        return _enveloped(200, _ACCEPTED)

    def _call(self, call: Any, delivery: str) -> Call:
        parameters = {etree.QName(one).localname: one.text or "" for one in call}
        return Call(self.slug, delivery, called(etree.QName(call).localname), spelled(parameters))


def _fault(code: str, said: str) -> web.Response:
    fault = f"<faultcode>{code}</faultcode><faultstring>{said}</faultstring>"
    return _enveloped(500, f"<s:Fault xmlns:wsse='{_WSSE}'>{fault}</s:Fault>")


def _enveloped(status: int, body: str) -> web.Response:
    text = f"<s:Envelope xmlns:s='{_SOAP}'><s:Body>{body}</s:Body></s:Envelope>"
    return web.Response(status=status, text=text, content_type="text/xml")


@cache
def _wsdl() -> str:
    return (files(__package__) / "people.wsdl").read_text()


@cache
def _schema() -> etree.XMLSchema:
    (schema,) = etree.fromstring(_wsdl()).iter("{http://www.w3.org/2001/XMLSchema}schema")
    return etree.XMLSchema(schema)
