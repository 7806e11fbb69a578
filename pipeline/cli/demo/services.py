"""Three HTTP services of the demo's own: they ask for their credentials, and show what they accept.

The chat is overloaded at first: it refuses every other request with 503 and asks to come back later. Not several in a
row, for a service that is really down is a different story.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from pipeline.cli.demo.account import Call

LOOPBACK = "127.0.0.1"
#: As the example registry has them.
SLUGS = ERP, CHAT, AUDIT = "demo-erp", "demo-chat", "demo-audit"
#: Of so many first requests, the chat refuses every other one.
_OVERLOADED_FOR = 16
#: Seconds that the chat asks to be left alone.
_COME_BACK_AFTER_S = 3


@dataclass(slots=True, eq=False)
class LocalService:
    """One service: the headers without which it answers 401, and how many requests it is overloaded for."""

    slug: str
    asks_for: Mapping[str, str]
    accept: Callable[[Call], None]
    overloaded_for: int = 0
    _requests: int = field(default=0, init=False)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        if any(request.headers.get(header) != value for header, value in self.asks_for.items()):
            return web.Response(status=401)
        self._requests += 1
        if self._requests <= self.overloaded_for and self._requests % 2:
            return web.Response(status=503, headers={"Retry-After": str(_COME_BACK_AFTER_S)})
        delivery = request.headers.get("Idempotency-Key", "")
        self.accept(Call(self.slug, delivery, f"{request.method} {request.raw_path}", await request.text()))
        return web.json_response({"accepted": delivery})


@asynccontextmanager
async def local_services(accept: Callable[[Call], None]) -> AsyncIterator[dict[str, str]]:
    """Run the services on free ports; gives the environment in which the registry's references find them."""
    token, key = secrets.token_urlsafe(), secrets.token_urlsafe()
    async with AsyncExitStack() as running:

        async def url(slug: str, asks_for: Mapping[str, str], overloaded_for: int = 0) -> str:
            service = LocalService(slug, asks_for, accept, overloaded_for)
            return f"http://{LOOPBACK}:{await running.enter_async_context(_listening(service))}"

        yield {
            "DEMO_ERP_URL": await url(ERP, {"Authorization": f"Bearer {token}"}),
            "DEMO_ERP_TOKEN": token,
            "DEMO_CHAT_URL": await url(CHAT, {"X-Chat-Key": key}, _OVERLOADED_FOR),
            "DEMO_CHAT_KEY": key,
            "DEMO_AUDIT_URL": await url(AUDIT, {}),
        }


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
