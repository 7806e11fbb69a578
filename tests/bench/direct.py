"""The direct loop: an HTTP client and nothing else, what it POSTs when a line on stdin tells how many.

direct.py ADDRESS BYTES
"""

import asyncio
import sys
from itertools import repeat

import aiohttp
from numbered_events import payload

IN_FLIGHT = 64


async def main(address: str, size: str) -> None:
    """Work until stdin ends."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector, headers={"Content-Type": "application/json"}) as session:
        async for line in lines:
            numbers = iter(range(int(line)))

            async def some() -> None:
                for number in numbers:  # noqa: B023 - all are done before the next line
                    async with session.post(address, data=payload(number, int(size))) as answer:
                        await answer.read()

            await asyncio.gather(*(some() for _ in repeat(None, IN_FLIGHT)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
