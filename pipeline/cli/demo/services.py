"""Three HTTP services of the demo's own: they ask for their credentials, show what they accept, and have troubles."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from pipeline.cli.demo.evidence import Call, Evidence

LOOPBACK = "127.0.0.1"
#: As the example registry has them.
SLUGS = ERP, CHAT, AUDIT = "demo-erp", "demo-chat", "demo-audit"


@dataclass(slots=True, eq=False)
class LocalService:
    """One service: the headers without which it answers 401, and its troubles: down, or a method that it refuses."""

    slug: str
    asks_for: Mapping[str, str]
    seen: Evidence
    is_down: bool = False
    refuses: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        self.seen.asked[self.slug] += 1
        if any(request.headers.get(header) != value for header, value in self.asks_for.items()):
            return web.Response(status=401)
        if self.is_down:
            return web.Response(status=503)
        if request.method == self.refuses:
            return web.json_response({"error": "a person needs a number"}, status=422)
        delivery = request.headers.get("Idempotency-Key", "")
        self.seen.accept(Call(self.slug, delivery, f"{request.method} {request.raw_path}", await request.text()))
        return web.json_response({"accepted": delivery})


@dataclass(frozen=True, slots=True)
class LocalServices:
    """The services, and the environment in which the registry's references find them."""

    by_slug: Mapping[str, LocalService]
    references: Mapping[str, str]


@asynccontextmanager
async def local_services(seen: Evidence) -> AsyncIterator[LocalServices]:
    """Run the services on free ports."""
    token, key = secrets.token_urlsafe(), secrets.token_urlsafe()
    asked_for = {ERP: {"Authorization": f"Bearer {token}"}, CHAT: {"X-Chat-Key": key}, AUDIT: {}}
    by_slug = {slug: LocalService(slug, headers, seen) for slug, headers in asked_for.items()}
    async with AsyncExitStack() as running:
        ports = {slug: await running.enter_async_context(_listening(one)) for slug, one in by_slug.items()}
        urls = {slug: f"http://{LOOPBACK}:{port}" for slug, port in ports.items()}
        references = {
            "DEMO_ERP_URL": urls[ERP],
            "DEMO_ERP_TOKEN": token,
            "DEMO_CHAT_URL": urls[CHAT],
            "DEMO_CHAT_KEY": key,
            "DEMO_AUDIT_URL": urls[AUDIT],
        }
        yield LocalServices(by_slug, references)


@asynccontextmanager
async def _listening(service: LocalService) -> AsyncIterator[int]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", service.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
