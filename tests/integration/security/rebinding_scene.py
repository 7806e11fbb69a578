"""What `test_rebinding.py` runs where the network is its own: a public and a private service, and who tells their name.

The guard allows nothing but public addresses, as it does where nobody set anything. Told on standard output, as JSON.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from unittest.mock import patch

import orjson
from aiohttp import web
from aiohttp.abc import ResolveResult
from name_server import name_server

from pipeline.attempt import http_pool
from pipeline.attempt.ending import judge
from pipeline.attempt.guard import Guard
from pipeline.attempt.guarded_resolver import GuardedResolver
from pipeline.attempt.means import Means
from pipeline.attempt.transports import KINDS
from pipeline.delivery import Delivery, Request
from pipeline.event import Event
from pipeline.shared_state import open_shared_state

NAME, PORT = "erp.example.org", 8080
PUBLIC, PRIVATE = "93.184.216.34", "127.0.0.1"


class LooksUpTwice(GuardedResolver):
    """The mistake that the scene must show: what was checked is not what is connected to."""

    async def resolve(self, host: str, *args: Any, **keys: Any) -> list[ResolveResult]:
        await super().resolve(host, *args, **keys)
        return await self._resolver.resolve(host, *args, **keys)


async def attempt() -> dict[str, str]:
    """One delivery by a sender that was just started."""
    now = datetime.now(UTC)
    event = Event("1", "shop", "order", {})
    one = Delivery("1", "erp", "orders", 1, Request({"method": "POST"}, "{}"), event, now)
    kind = KINDS["rest"]
    service = kind.schema.service.model_validate({"transport": "rest", "url": f"http://{NAME}:{PORT}/"})
    async with open_shared_state("redis://127.0.0.1:1/0", monotonic) as shared:
        transport = kind.open(service, Means(Guard(), {}, shared))
        try:
            outcome = judge(await transport.attempt(one), now=now, latency_ms=1)
        finally:
            await transport.close()
    return {"ending": outcome.ending.value, "reason": outcome.reason}


async def play(told: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Deliver as often as the name server is told what to say; its last word stays."""
    arrived: list[str] = []

    async def take(request: web.Request) -> web.Response:
        arrived.append(request.transport.get_extra_info("sockname")[0] if request.transport else "")
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    for address in (PUBLIC, PRIVATE):
        await web.TCPSite(runner, address, PORT).start()
    try:
        async with name_server(lambda nth: told[min(nth, len(told)) - 1]) as server:
            outcomes = [await attempt() for _ in told]
            return {"outcomes": outcomes, "arrived": arrived, "asked": server.asked}
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    resolver = LooksUpTwice if "twice" in sys.argv else GuardedResolver
    with patch.object(http_pool, "GuardedResolver", resolver):
        sys.stdout.buffer.write(orjson.dumps(asyncio.run(play(orjson.loads(sys.argv[1])))))
