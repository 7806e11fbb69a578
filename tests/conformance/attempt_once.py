"""One attempt in a process of its own, for what a process takes from its environment: `attempt_once.py ENTRY SEND`."""

import asyncio
import sys

import orjson
from attempts import delivery, opened, outcome_of


async def _attempt(entry: str, send: str) -> None:
    async with opened(orjson.loads(entry)) as transport:
        sys.stdout.buffer.write(orjson.dumps(await outcome_of(transport, delivery(orjson.loads(send)))))


if __name__ == "__main__":
    asyncio.run(_attempt(*sys.argv[1:]))
