"""Deliveries of one channel, handed over as they come: the client library makes a task for each."""

from collections.abc import Callable

import aiormq.abc
from aiormq.abc import DeliveredMessage
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from pipeline.broker.wire.content import Content
from pipeline.broker.wire.decode import AnyFrame
from pipeline.broker.wire.intercept import intercept


async def consume(channel: aiormq.abc.AbstractChannel, queue: str, received: Callable[[DeliveredMessage], None]) -> str:
    """Consume a queue under the tag that this returns.

    `received`, which must not raise, is called with each message in its order.
    """
    coming: Content[Basic.Deliver] | None = None

    def take(frame: AnyFrame) -> bool:
        nonlocal coming
        if isinstance(frame, Basic.Deliver):
            coming = Content(frame)
            return True
        if coming is None or not isinstance(frame, ContentHeader | ContentBody):
            return False
        if coming.add(frame):
            whole, coming = coming, None
            received(DeliveredMessage(delivery=whole.method, header=whole.header, body=whole.body, channel=channel))
        return True

    intercept(channel, take)
    return (await channel.basic_consume(queue, _taken_before)).consumer_tag or ""


async def _taken_before(_: DeliveredMessage) -> None:
    raise AssertionError("a delivery passed who takes them")
