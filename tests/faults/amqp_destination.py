"""An AMQP service that the hub delivers to: an exchange and a queue on the hub's own broker, emptied by who looks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import aio_pika
import orjson
from destination import Destination
from judge import Duty

_QUEUE = _EXCHANGE = "lab.service"
#: The environment's name for the password that the registry refers to.
PASSWORD = "MIH_LAB_AMQP_PASSWORD"


@dataclass(eq=False)
class AmqpDestination(Destination):
    """What is refused is bound to no queue: the broker returns it."""

    #: Where it is found whatever happens to the hub's line; `url` is the hub's.
    amqp_url: str = ""

    @property
    def service(self) -> str:
        parts = urlsplit(self.url)
        url = parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl()
        auth = f'{{type: basic, username: {parts.username}, password: "env:{PASSWORD}"}}'
        return f'transport: amqp, url: "{url}", exchange: {_EXCHANGE}, auth: {auth}'

    @property
    def rule(self) -> str:
        return "send: {routing_key: 'refused-{{refused}}'}, payload: '{{data}}'"

    async def declare(self) -> None:
        async with await aio_pika.connect(self.amqp_url) as connection:
            channel = await connection.channel()
            exchange = await channel.declare_exchange(_EXCHANGE, "direct", durable=True)
            queue = await channel.declare_queue(_QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
            await queue.bind(exchange, "refused-false")

    async def look(self) -> None:
        """Empty the queue, and count what lay there; not while something strikes the broker."""
        async with await aio_pika.connect(self.amqp_url) as connection:
            queue = await (await connection.channel()).get_queue(_QUEUE, ensure=False)
            # Taken for good at once: acknowledgements may not all arrive when one hangs up soon after.
            while message := await queue.get(no_ack=True, fail=False):
                self.accepted[Duty(orjson.loads(message.body)["number"], self.slug)] += 1


@asynccontextmanager
async def running_amqp(slug: str, url: str, amqp_url: str) -> AsyncIterator[AmqpDestination]:
    """The service in the virtual host of `amqp_url`; the hub reaches it by `url`."""
    destination = AmqpDestination(slug, url, amqp_url=amqp_url)
    await destination.declare()
    yield destination
