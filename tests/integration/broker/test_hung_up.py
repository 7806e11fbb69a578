"""A broker that takes a connection and hangs up at once, as one that is being killed does."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from threading import Thread
from typing import Any

import pytest
import uvloop

from pipeline.broker import open_session
from pipeline.errors import Unavailable

LOOPS: list[Callable[[Coroutine[Any, Any, None]], None]] = [asyncio.run, uvloop.run]


async def _hung_up_on(port: int) -> None:
    for _ in range(50):
        with pytest.raises(Unavailable):
            async with open_session(f"amqp://127.0.0.1:{port}/", "test"):
                pass


def _hang_up(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            server.accept()[0].close()


@pytest.mark.parametrize("run", LOOPS, ids=["asyncio", "uvloop"])
def test_a_broker_that_hangs_up_on_a_new_connection_is_away(run: Callable[[Coroutine[Any, Any, None]], None]) -> None:
    """The client said StopAsyncIteration, which ended the role."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=_hang_up, args=(server,), daemon=True)
        thread.start()
        run(_hung_up_on(server.getsockname()[1]))
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
