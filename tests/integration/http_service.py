"""A real HTTP service that answers what it is told to: what tests deliver to."""

import asyncio
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import orjson
from aiohttp import web


@dataclass
class Service:
    """Remembers what arrived."""

    url: str = ""
    arrived: list[dict[str, Any]] = field(default_factory=list)
    #: Asked with each request (and its number from 1) for the status to answer with; may take its time.
    answer: Callable[[int], int | Awaitable[int]] = lambda _: 200
    in_flight: int = 0
    most_in_flight: int = 0

    async def take(self, request: web.Request) -> web.Response:
        text = await request.text()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        one = {
            "method": request.method,
            "path": request.raw_path,
            "headers": request.headers,
            "body": orjson.loads(text) if text else None,
            "key": request.headers.get("Idempotency-Key"),
            "at": monotonic(),
            #: None until it is answered.
            "status": None,
        }
        self.arrived.append(one)
        try:
            answer = self.answer(len(self.arrived))
            one["status"] = status = await answer if inspect.isawaitable(answer) else answer
        finally:
            self.in_flight -= 1
        return web.json_response({"ok": status < 300}, status=status)

    @property
    def answered(self) -> list[dict[str, Any]]:
        """The requests that were answered."""
        return [one for one in self.arrived if one["status"] is not None]

    @property
    def accepted(self) -> Counter[str]:
        """How often each delivery was answered with success."""
        return Counter(one["key"] for one in self.answered if one["status"] < 300)

    def numbers(self) -> set[int]:
        """The numbers of the events that arrived and were accepted."""
        return {one["body"]["number"] for one in self.answered if one["status"] < 300}


@asynccontextmanager
async def running_service() -> AsyncIterator[Service]:
    """A service on a free port; what it still holds at the end is cut off."""
    service = Service()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", service.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await asyncio.wait_for(runner.cleanup(), 20)
