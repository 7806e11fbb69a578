"""An AMQP service of the demo's own: whoever consumes what is published to its exchange, over a connection apart."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pipeline.broker import Incoming, open_session, tap
from pipeline.cli.demo.calls import published
from pipeline.cli.demo.evidence import Call, Evidence

#: In which the example registry puts the delivery's id.
_DELIVERY = "delivery"


@dataclass(slots=True, eq=False)
class AmqpService:
    """One service; its exchange, which is there already, has its name."""

    slug: str
    seen: Evidence

    @asynccontextmanager
    async def consuming(self, amqp_url: str) -> AsyncIterator[None]:
        """Take every message while inside.

        Raises Unavailable when the broker is away.
        """
        async with open_session(amqp_url, self.slug) as session, tap(session, self.slug, self.take):
            yield

    def take(self, message: Incoming) -> None:
        """Keep a message."""
        self.seen.asked[self.slug] += 1
        delivery = str(message.headers.get(_DELIVERY, ""))
        self.seen.accept(Call(self.slug, delivery, published(message.routing_key), message.body.decode()))
