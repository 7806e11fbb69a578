"""A service that the hub delivers to, with moods: hanging, answering byte by byte, resetting, answering errors."""

import asyncio
from abc import ABC, abstractmethod
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
class Destination(ABC):
    """Counts what it took."""

    slug: str
    url: str = ""
    mood: Mood | None = None
    accepted: Counter[Duty] = field(default_factory=Counter)

    @property
    @abstractmethod
    def service(self) -> str:
        """Its own keys in the registry."""

    @property
    @abstractmethod
    def rule(self) -> str:
        """How a rule sends to it."""

    async def look(self) -> None:  # noqa: B027 - most have nothing to do
        """Bring `accepted` up to date."""


class HttpDestination(Destination):
    """A service that is called over HTTP."""

    async def take(self, request: web.Request) -> web.StreamResponse:
        number, refused = self.read(await request.read())
        if self.mood:
            return await self.mood(request)
        await asyncio.sleep(_TAKES_S)
        if refused:
            return self.refusal()
        # Counted before it is sent: what is counted may be cut off, which errs towards duplicates and not towards loss.
        self.accepted[Duty(number, self.slug)] += 1
        return self.success()

    @abstractmethod
    def read(self, body: bytes) -> tuple[int, bool]:
        """The event's number, and whether it must be refused."""

    @abstractmethod
    def success(self) -> web.Response: ...

    @abstractmethod
    def refusal(self) -> web.Response:
        """What says that it will never be taken."""


class RestDestination(HttpDestination):
    """JSON in, JSON out."""

    @property
    def service(self) -> str:
        return f'transport: rest, url: "{self.url}", success: {{json: {{ok: [true]}}, otherwise: retry}}'

    @property
    def rule(self) -> str:
        return "payload: '{{data}}'"

    def read(self, body: bytes) -> tuple[int, bool]:
        event = orjson.loads(body)
        return event["number"], event["refused"]

    def success(self) -> web.Response:
        return web.Response(body=_OK, content_type="application/json")

    def refusal(self) -> web.Response:
        return web.json_response({"ok": False}, status=400)


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
async def serving(destination: HttpDestination, app: web.Application) -> AsyncIterator[None]:
    """Take requests on a free port; what is still held at the end is cut off."""
    app.router.add_post("/", destination.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    destination.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield
    finally:
        await asyncio.wait_for(runner.cleanup(), 20)


@asynccontextmanager
async def running_rest(slug: str) -> AsyncIterator[RestDestination]:
    destination = RestDestination(slug)
    async with serving(destination, web.Application()):
        yield destination
