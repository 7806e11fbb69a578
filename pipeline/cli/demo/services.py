"""Four services of the demo's own, over every transport: two by REST, one by SOAP, one by AMQP."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.cli.demo.amqp_service import AmqpService
from pipeline.cli.demo.evidence import Evidence
from pipeline.cli.demo.rest_service import RestService
from pipeline.cli.demo.serving import serving
from pipeline.cli.demo.soap_service import SoapService

ERP, CHAT, SIS, AUDIT = "demo-erp", "demo-chat", "demo-sis", "demo-audit"
#: As the example registry has them, each with its transport.
TRANSPORTS: Mapping[str, str] = {ERP: "rest", CHAT: "rest", SIS: "soap", AUDIT: "amqp"}


@dataclass(frozen=True, slots=True)
class LocalServices:
    """The services that get into trouble, and the environment in which the registry's references find all of them."""

    chat: RestService
    sis: SoapService
    references: Mapping[str, str]


@asynccontextmanager
async def local_services(seen: Evidence, amqp_url: str) -> AsyncIterator[LocalServices]:
    """Run the services: those of HTTP on free ports, that of AMQP on this broker."""
    token, key, password = (secrets.token_urlsafe() for _ in range(3))
    erp = RestService(ERP, {"Authorization": f"Bearer {token}"}, seen)
    chat = RestService(CHAT, {"X-Chat-Key": key}, seen)
    sis = SoapService(SIS, password, seen)
    async with AsyncExitStack() as running:
        await running.enter_async_context(AmqpService(AUDIT, seen).consuming(amqp_url))
        references = {
            "DEMO_ERP_URL": await running.enter_async_context(serving(erp.answer)),
            "DEMO_ERP_TOKEN": token,
            "DEMO_CHAT_URL": await running.enter_async_context(serving(chat.answer)),
            "DEMO_CHAT_KEY": key,
            "DEMO_SIS_WSDL": f"{await running.enter_async_context(serving(sis.answer))}/people?wsdl",
            "DEMO_SIS_PASSWORD": password,
            "DEMO_AUDIT_URL": urlsplit(amqp_url)._replace(query="").geturl(),
        }
        yield LocalServices(chat, sis, references)
