"""The end of a trip's time is a cancellation too; Python 3.11's wait_for loses one that meets the end of a write."""

import asyncio
import contextlib
from typing import Any

import pytest
from redis.asyncio import Connection, ConnectionPool, Redis

from pipeline.shared_state import trips

#: Seconds; a trip whose time is never over would wait for ever.
BOUND_S = 10


class Losing(Connection):
    """Writes what it is given, and returns from that when it is cancelled."""

    async def send_packed_command(self, *arguments: Any, **options: Any) -> None:
        await super().send_packed_command(*arguments, **options)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.get_running_loop().create_future()


async def test_a_trip_whose_time_was_over_as_it_was_written_waits_for_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trips, "_LONGEST_S", 0.05)
    gone = asyncio.Event()

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(b"+PONG\r\n")
        await reader.read()
        writer.close()
        gone.set()

    async with asyncio.timeout(BOUND_S), await asyncio.start_server(answer_once, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        pool = ConnectionPool(connection_class=Losing, host="127.0.0.1", port=port, protocol=2, driver_info=None)
        client = Redis(connection_pool=pool)
        asked = trips.Trips(client)
        answers = await asyncio.gather(asked.ask("PING"), asked.ask("PING"), return_exceptions=True)
        assert [type(one) for one in answers] == [TimeoutError, TimeoutError]
        await gone.wait()
        await client.aclose()
