"""AMQP's counterpart: a broker, in a virtual host of this test's own."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import aio_pika
from amqp_receiver import AmqpReceiver, running
from counterpart import Facts, Play

from pipeline.outcome import Ending

QUEUE = "in"


@dataclass(frozen=True, slots=True)
class AmqpCounterpart:
    """A broker behind a proxy for each play that the suite asks for."""

    #: With user and password, ending in the virtual host.
    broker: str

    facts = Facts(
        plays=frozenset(Play),
        answers={
            "confirmed": Ending.DELIVERED,
            "returned": Ending.CANNOT_PASS,
            "nack": Ending.MAY_PASS,
            "no exchange": Ending.CANNOT_PASS,
            "no access": Ending.FORBIDDEN,
        },
        wrong_credentials="no login",
        credentials=(
            ({"type": "none"}, lambda _: {"user": "guest", "password": "guest"}),
            (
                {"type": "basic", "username": "mih", "password": "env:SECRET"},
                lambda secret: {"user": "mih", "password": secret},
            ),
        ),
        send={"routing_key": QUEUE},
    )

    def running(self, play: Play, *, tls: SSLContext | None = None) -> AbstractAsyncContextManager[AmqpReceiver]:
        """A receiver on 127.0.0.1, speaking TLS if given a context."""
        return self._running(play, tls)

    def service(self, port: int, *, host: str = "127.0.0.1", tls: bool = False) -> dict[str, Any]:
        """The registry's entry for a receiver there."""
        return {"transport": "amqp", "url": f"amqp{'s' if tls else ''}://{host}:{port}{urlsplit(self.broker).path}"}

    @asynccontextmanager
    async def _running(self, play: Play, tls: SSLContext | None) -> AsyncIterator[AmqpReceiver]:
        await _furnish(self.broker)
        async with running(play, self.broker, tls) as receiver:
            yield receiver


async def _furnish(broker: str) -> None:
    """Declare where messages go, and where the broker takes none."""
    async with await aio_pika.connect(broker) as connection, await connection.channel() as channel:
        await channel.declare_queue(QUEUE)
        await channel.declare_queue("full", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
        await channel.declare_exchange("internal", internal=True)
        await channel.default_exchange.publish(aio_pika.Message(b"the last one"), "full")


def counterpart_on(fixture: Any) -> AmqpCounterpart:
    """The counterpart on the broker of this test."""
    return AmqpCounterpart(fixture("amqp_url"))
