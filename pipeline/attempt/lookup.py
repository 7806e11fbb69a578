"""Looking a name up in a thread of its own, that nobody waits for.

Where the loop has threads for it, a few names of which a name server says nothing (20 seconds each, mostly) have them
all: every other service's name waits, and so does a process that was told to stop, for such threads are joined.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Sequence
from typing import Any

Found = Sequence[tuple[Any, ...]]


class Lookups:
    """As much of an event loop as aiohttp's resolver asks."""

    async def getaddrinfo(self, host: str, port: int, **asked: int) -> Found:
        """As `socket.getaddrinfo`.

        Raises OSError, and UnicodeError for what is no name.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Found] = loop.create_future()

        def tell(found: Found | Exception) -> None:
            if answer.done():
                return
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)

        def look_up() -> None:
            found: Found | Exception
            try:
                found = socket.getaddrinfo(host, port, **asked)
            except Exception as failed:  # noqa: BLE001 - whatever it is, who asked is told
                found = failed
            # A loop that has closed meanwhile asks no more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(tell, found)

        threading.Thread(target=look_up, name="name lookup", daemon=True).start()
        return await answer

    async def getnameinfo(self, address: tuple[Any, ...], flags: int) -> tuple[str, str]:
        """As the loop's: asked for IPv6 with a scope, in numbers, so that no name server hears of it."""
        return await asyncio.get_running_loop().getnameinfo(address, flags)
