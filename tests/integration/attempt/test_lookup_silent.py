"""Names of which a name server says nothing hold up neither other names nor the end of the process."""

import asyncio
import socket
import threading
from typing import Any

import pytest
from queues import WITHIN_S

from pipeline.attempt.lookup import Lookups

#: More than any loop has threads for it.
SILENT = 100


async def test_names_that_are_never_answered_hold_up_no_other_and_nobody_who_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, over, asked = socket.getaddrinfo, threading.Event(), threading.Semaphore(0)

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        if str(host).startswith("silent"):
            asked.release()
            over.wait(WITHIN_S)
            raise socket.gaierror(socket.EAI_AGAIN, "nobody said anything")
        return real(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    waiting = [asyncio.create_task(Lookups().getaddrinfo(f"silent-{number}", 80)) for number in range(SILENT)]
    try:
        await asyncio.sleep(0)
        assert all(asked.acquire(timeout=WITHIN_S) for _ in waiting), "all are asked at once"
        assert await Lookups().getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        assert all(thread.daemon for thread in threading.enumerate() if thread.name == "name lookup")
        waiting[0].cancel()
    finally:
        over.set()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(ended[0], asyncio.CancelledError)
    assert {type(one) for one in ended[1:]} == {socket.gaierror}


async def test_what_is_no_name_is_told_to_who_asked() -> None:
    async with asyncio.timeout(WITHIN_S):
        with pytest.raises(UnicodeError):
            await Lookups().getaddrinfo(f"{'a' * 64}.example", 80)
