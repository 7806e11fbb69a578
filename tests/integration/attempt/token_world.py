"""A token endpoint, a service that takes its tokens, and senders of that service on a real Redis."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from time import monotonic
from typing import Any
from uuid import uuid4

from aiohttp import web

from pipeline.attempt.ending import judge
from pipeline.attempt.guard import Guard
from pipeline.attempt.means import Means
from pipeline.attempt.transports import KINDS, Transport
from pipeline.delivery import Delivery, Request
from pipeline.event import Event
from pipeline.outcome import Ending
from pipeline.shared_state import open_shared_state

SECRET = "s3cret-of-the-client"


@dataclass(eq=False)
class TokenWorld:
    """Both ends; `gate` holds the endpoint's answers back until it is set."""

    url: str = ""
    issued: int = 0
    good: set[str] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def entry(self) -> dict[str, Any]:
        """The service in the registry."""
        client = {"client_id": "mih", "client_secret": "env:SECRET", "token_url": f"{self.url}/token"}
        return {"transport": "rest", "url": f"{self.url}/in", "timeout": "20s", "auth": {"type": "oauth2", **client}}

    async def issue(self, _: web.Request) -> web.Response:
        self.issued += 1
        await self.gate.wait()
        token = f"issued-token-{next(self._numbers)}"
        self.good.add(token)
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    async def serve(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.shown.append(token)
        return web.Response(status=200 if token in self.good else 401)


@asynccontextmanager
async def a_token_world() -> AsyncIterator[TokenWorld]:
    """Both ends on a free port; the gate is open."""
    world = TokenWorld()
    world.gate.set()
    app = web.Application()
    app.router.add_post("/token", world.issue)
    app.router.add_post("/in", world.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    world.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield world
    finally:
        await asyncio.wait_for(runner.cleanup(), 20)


@asynccontextmanager
async def a_sender(redis_url: str, entry: dict[str, Any], secret: str = SECRET) -> AsyncIterator[Transport]:
    """A way to the service as one process has it."""
    kind = KINDS["rest"]
    guard = Guard((ip_network("127.0.0.0/8"),))
    async with open_shared_state(redis_url, monotonic) as shared:
        transport = kind.open(kind.schema.service.model_validate(entry), Means(guard, {"SECRET": secret}, shared))
        try:
            yield transport
        finally:
            await transport.close()


async def attempted(transport: Transport, times: int = 1) -> list[Ending]:
    """How so many attempts at once ended."""
    async with asyncio.timeout(60):
        seen = await asyncio.gather(*(transport.attempt(_delivery()) for _ in range(times)))
    return [judge(one, now=datetime.now(UTC), latency_ms=1).ending for one in seen]


def _delivery() -> Delivery:
    return Delivery(
        id=str(uuid4()),
        service="erp",
        rule="to-erp",
        revision=1,
        request=Request(send={}, body="{}", content_type="application/json"),
        event=Event(id="1", source="moodle", type="x", data={}),
        first_seen=datetime(2026, 11, 21, tzinfo=UTC),
    )
