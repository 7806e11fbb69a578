"""A service that the hub delivers to, with moods: hanging, answering byte by byte, resetting, answering errors."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import orjson
from aiohttp import web
from judge import Duty

#: Seconds of an ordinary answer, so that there are requests in flight at any moment.
_TAKES_S = 0.03
_OK = b'{"ok": true}'

#: What a service does with a request instead of taking it; returns the answer, if there is one.
Mood = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(eq=False)
class Destination:
    """Counts what it answered with success."""

    slug: str
    url: str = ""
    mood: Mood | None = None
    accepted: Counter[Duty] = field(default_factory=Counter)

    async def take(self, request: web.Request) -> web.StreamResponse:
        event = orjson.loads(await request.read())
        if self.mood:
            return await self.mood(request)
        await asyncio.sleep(_TAKES_S)
        if event["refused"]:
            return web.json_response({"ok": False}, status=400)
        answer = web.Response(body=_OK, content_type="application/json")
        # Counted before it is sent: what is counted may be cut off, which errs towards duplicates and not towards loss.
        self.accepted[Duty(event["number"], self.slug)] += 1
        return answer


async def hanging(_: web.Request) -> web.StreamResponse:
    """Answer never: the sender's timeout ends it."""
    await asyncio.Event().wait()
    return web.Response()


async def byte_by_byte(request: web.Request) -> web.StreamResponse:
    """Answer with one byte each half second, each of which looks like life."""
    answer = web.StreamResponse(headers={"Content-Length": str(len(_OK))})
    await answer.prepare(request)
    with suppress(ConnectionError):
        for number in range(len(_OK)):
            await answer.write(_OK[number : number + 1])
            await asyncio.sleep(0.5)
    return answer


async def resetting(request: web.Request) -> web.StreamResponse:
    """Reset the connection instead of answering."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def out_of_order(_: web.Request) -> web.StreamResponse:
    return web.json_response({"ok": False}, status=503)


async def error_in_200(_: web.Request) -> web.StreamResponse:
    """Claim success, and deny it in the body."""
    return web.json_response({"ok": False, "error": "no connection to the database"})


@asynccontextmanager
async def running_destination(slug: str) -> AsyncIterator[Destination]:
    """A service on a free port; what it still holds at the end is cut off."""
    destination = Destination(slug)
    app = web.Application()
    app.router.add_post("/", destination.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    destination.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield destination
    finally:
        await asyncio.wait_for(runner.cleanup(), 20)
