"""A process that takes messages and dies at once of a poisonous one; it ends in peace when there are no more."""

import asyncio
import os
import sys
from pathlib import Path

from pipeline.broker import Incoming, Session, consume, open_getter, open_session, work_suspects
from topology import names

POISON = "poison"


def remember(taken: Path, body: str) -> None:
    with taken.open("a") as file:
        file.write(body + "\n")


async def main(role: str, url: str, queue: str, taken: str) -> None:
    async def take(message: Incoming) -> None:
        if message.body.decode() == POISON:
            os._exit(9)
        # Whoever is in hand beside the poison is still in hand when it strikes.
        await asyncio.sleep(0.05 if role == "stage" else 0)
        remember(Path(taken), message.body.decode())

    async with open_session(url, "taker") as session:
        until = asyncio.Event()
        if role == "stage":
            working = consume(session, queue, take, stage="sender", prefetch=20, until=until)
        else:
            queue, working = names.suspect_queue("sender"), work_suspects(session, {"sender": take}, until=until)
        await asyncio.gather(working, _stop_when_empty(session, queue, until))


async def _stop_when_empty(session: Session, queue: str, until: asyncio.Event) -> None:
    async with open_getter(session) as getter:
        while await getter.depth(queue):  # noqa: ASYNC110 - the queue is the broker's
            await asyncio.sleep(0.1)
    until.set()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
