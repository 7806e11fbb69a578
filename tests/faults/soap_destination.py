"""A SOAP service that the hub delivers to: it shows its WSDL, and answers a fault to what it will never take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from destination import HttpDestination, serving
from lxml import etree

_WSDL = Path(__file__).parents[1] / "conformance" / "wsdl" / "people.wsdl"
#: Where the WSDL says that the service is.
_ADDRESS = "http://127.0.0.1:1/people"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_PEOPLE = "urn:example:people"


class SoapDestination(HttpDestination):
    """Creates a person for each event: the number is its id, and who is not active is taken."""

    @property
    def service(self) -> str:
        return f'transport: soap, wsdl: "{self.url}?wsdl"'

    @property
    def rule(self) -> str:
        return (
            "send: {operation: createPerson}, "
            """payload: '{"name": "event", "id": {{number}}, "active": {{refused}}}'"""
        )

    async def show(self, _: web.Request) -> web.Response:
        return web.Response(text=_WSDL.read_text().replace(_ADDRESS, self.url), content_type="text/xml")

    def read(self, body: bytes) -> tuple[int, bool]:
        call = etree.fromstring(body).find(f"{{{_SOAP}}}Body/{{{_PEOPLE}}}createPerson")
        return int(call.findtext(f"{{{_PEOPLE}}}id")), call.findtext(f"{{{_PEOPLE}}}active") == "true"

    def success(self) -> web.Response:
        return _enveloped(200, f"<p:createPersonResponse xmlns:p='{_PEOPLE}'><p:id>7</p:id></p:createPersonResponse>")

    def refusal(self) -> web.Response:
        return _enveloped(500, "<s:Fault><faultcode>s:Client</faultcode><faultstring>no</faultstring></s:Fault>")


@asynccontextmanager
async def running_soap(slug: str) -> AsyncIterator[SoapDestination]:
    destination, app = SoapDestination(slug), web.Application()
    # It is shown in every mood: a sender reads it when it starts.
    app.router.add_get("/", destination.show)
    async with serving(destination, app):
        yield destination


def _enveloped(status: int, body: str) -> web.Response:
    text = f"<s:Envelope xmlns:s='{_SOAP}'><s:Body>{body}</s:Body></s:Envelope>"
    return web.Response(status=status, text=text, content_type="text/xml")
