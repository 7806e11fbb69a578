"""Taking one message and no more: what a consumer does, for who must not have a second one in hand."""

from pipeline.broker.consume import Take, take_or_suspect
from pipeline.broker.get import open_getter
from pipeline.broker.session import Session


async def take_one(session: Session, queue: str, take: Take, *, stage: str) -> bool:
    """Take the message at the head of the queue, settle and acknowledge it; whether there was one.

    Raises Unavailable when it could not be settled: it returns to its queue.
    """
    async with open_getter(session) as getter:
        message = await getter.get(queue)
        if message is None:
            return False
        await take_or_suspect(session, queue, take, stage, message)
        await getter.ack(message)
        return True
