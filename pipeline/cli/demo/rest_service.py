"""A REST service of the demo's own: it asks for its credentials, shows what it accepts, and can be down."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from pipeline.cli.demo.evidence import Call, Evidence


@dataclass(slots=True, eq=False)
class RestService:
    """One service, and the headers without which it answers 401."""

    slug: str
    asks_for: Mapping[str, str]
    seen: Evidence
    is_down: bool = False

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        self.seen.asked[self.slug] += 1
        if any(request.headers.get(header) != value for header, value in self.asks_for.items()):
            return web.Response(status=401)
        if self.is_down:
            return web.Response(status=503)
        delivery = request.headers.get("Idempotency-Key", "")
        self.seen.accept(Call(self.slug, delivery, f"{request.method} {request.raw_path}", await request.text()))
        return web.json_response({"accepted": delivery})
