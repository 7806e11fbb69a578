"""A sender in a process of its own: `sending_process.py REDIS_URL ENTRY TIMES`; ready, it waits for a line."""

import asyncio
import sys

import orjson
from token_world import a_sender, attempted


async def _send(redis_url: str, entry: str, times: str) -> None:
    async with a_sender(redis_url, orjson.loads(entry)) as transport:
        print("ready", flush=True)  # noqa: T201 - what its starter reads
        await asyncio.to_thread(sys.stdin.readline)
        print(*await attempted(transport, int(times)), flush=True)  # noqa: T201 - likewise


if __name__ == "__main__":
    asyncio.run(_send(*sys.argv[1:]))
