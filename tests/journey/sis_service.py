"""A real SOAP service that holds each call to its WSDL, knows who may call, and answers with the fault it is told."""

from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from lxml import etree

_WSDL = Path(__file__).parents[1] / "conformance" / "wsdl" / "people.wsdl"
_ADDRESS = "http://127.0.0.1:1/people"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_PEOPLE = "urn:example:people"
_ACCEPTED = f"<p:createPersonResponse xmlns:p='{_PEOPLE}'><p:id>7</p:id></p:createPersonResponse>"


@dataclass
class SisService:
    """Remembers what arrived."""

    password: str
    url: str = ""
    #: The code of the fault that answers a call; none is given when it is empty.
    fault: str = ""
    asked: int = 0
    #: By delivery and number, how often it was accepted.
    accepted: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the orders that were accepted, each as often as it was."""
        return sorted(number for _, number in self.accepted.elements())

    async def take(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.Response(text=_WSDL.read_text().replace(_ADDRESS, f"{self.url}/people"), content_type="text/xml")
        self.asked += 1
        if request.headers.get("Authorization") != f"Basic {b64encode(f'mih:{self.password}'.encode()).decode()}":
            return web.Response(status=401)
        call = etree.fromstring(await request.read()).find(f"{{{_SOAP}}}Body/*")
        _schema().assertValid(call)
        if self.fault:
            return _enveloped(
                500, f"<s:Fault><faultcode>s:{self.fault}</faultcode><faultstring>no</faultstring></s:Fault>"
            )
        self.accepted[request.headers["Idempotency-Key"], int(call.findtext(f"{{{_PEOPLE}}}id"))] += 1
        return _enveloped(200, _ACCEPTED)


@asynccontextmanager
async def running_sis(password: str) -> AsyncIterator[SisService]:
    """The service on a free port."""
    service = SisService(password)
    app = web.Application()
    app.router.add_route("*", "/people", service.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield service
    finally:
        await runner.cleanup()


def _enveloped(status: int, body: str) -> web.Response:
    text = f"<s:Envelope xmlns:s='{_SOAP}'><s:Body>{body}</s:Body></s:Envelope>"
    return web.Response(status=status, text=text, content_type="text/xml")


def _schema() -> etree.XMLSchema:
    (schema,) = etree.parse(_WSDL).iter("{http://www.w3.org/2001/XMLSchema}schema")
    # Written anew, so that it brings the namespaces of what is around it.
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema)))
