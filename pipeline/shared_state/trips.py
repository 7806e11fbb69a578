"""Trips: what many ask of Redis at the same time goes there and back together.

A trip takes along all that was asked while the one before was under way. Under load one carries dozens of questions,
each at a fourth of what it costs alone, and without load nobody waits for company; but what can wait goes along with
the next question, or after a moment by itself.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from hashlib import sha1
from math import inf
from typing import Any

import redis.asyncio
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import NoScriptError, ResponseError

from pipeline.cancellation import cancellation_kept
from pipeline.departure import Departure

#: Questions in one trip: more of them save no more, and the first would wait for the answer to the last.
_MOST = 128
#: Seconds after which what can wait travels by itself.
_PATIENCE_S = 0.002
#: Seconds for all of a trip, connecting included: the client bounds each answer by itself, and they are many.
_LONGEST_S = 2.0

_Part = str | bytes | int


class Trips:
    """Commands to Redis, one trip at a time over one connection; what the client raises is raised to each asker."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        #: Commands as they are sent, and who waits for their answers.
        self._waiting: deque[tuple[bytes, asyncio.Future[Any]]] = deque()
        #: The next trip begins as soon as it can; otherwise those who wait have a departure.
        self._is_urgent = False
        self._travelling: asyncio.Task[None] | None = None
        self._departure = Departure(self._depart)

    async def ask(self, *command: _Part, can_wait: bool = False) -> Any:
        """The answer to one command."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        # Written here, so that a text that cannot be fails who asks, and nobody who travels along.
        self._waiting.append((packed(command), answer))
        if not can_wait:
            self._departure.now()
        elif not self._is_urgent:
            self._departure.within(_PATIENCE_S)
        return await answer

    def _depart(self) -> None:
        self._is_urgent = True
        if self._travelling is None:
            self._travelling = asyncio.create_task(self._travel(), name="trips to redis")

    async def _travel(self) -> None:
        try:
            while self._is_urgent:
                asked = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST))]
                self._is_urgent = len(self._waiting) > 0
                # Who was cancelled before it began asks nothing any more.
                if travelling := [one for one in asked if not one[1].done()]:
                    await self._trip(travelling)
        finally:
            self._travelling, self._is_urgent = None, False

    async def _trip(self, asked: list[tuple[bytes, asyncio.Future[Any]]]) -> None:
        try:
            async with asyncio.timeout(_LONGEST_S):
                answers = await self._answers([command for command, _ in asked])
        except BaseException as failed:
            # Who waits for the next trip has waited as long: Redis is away for them, too.
            for _, answer in (*asked, *self._waiting):
                _settle(answer, failed)
            self._waiting.clear()
            if not isinstance(failed, Exception):
                raise
        else:
            for (_, answer), found in zip(asked, answers, strict=True):
                _settle(answer, found)

    async def _answers(self, commands: Sequence[bytes]) -> Sequence[Any]:
        # As the client's own pipeline does it, without what that does for each command besides.
        connection = await self._client.connection_pool.get_connection()  # type: ignore[no-untyped-call] # the client says nothing of it
        try:
            with cancellation_kept():  # the end of the time for all of it is one, too
                await connection.send_packed_command(b"".join(commands))
            # The first is the one that Redis lets wait.
            return [await _answer(connection, None if at == 0 else inf) for at in range(len(commands))]
        except BaseException:
            # Nobody may take what is still to come on it for theirs.
            await connection.disconnect(nowait=True)
            raise
        finally:
            await self._client.connection_pool.release(connection)


def packed(command: Sequence[_Part]) -> bytes:
    """A command as Redis reads it (RESP, an array of bulk strings); the client's own takes a tenth of a question.

    Raises UnicodeEncodeError for half a character.
    """
    written = [f"*{len(command)}\r\n".encode()]
    for part in command:
        data = part if isinstance(part, bytes) else str(part).encode()
        written.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(written)


class Script:
    """A Lua script, run by its hash; Redis is told it where it does not know it yet, or any more."""

    def __init__(self, trips: Trips, text: str) -> None:
        self._trips = trips
        self._text = text
        self._hash = sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """Run it: one trip where it is known."""
        by_hash = ("EVALSHA", self._hash, len(keys), *keys, *args)
        try:
            return await self._trips.ask(*by_hash)
        except NoScriptError:
            await self._trips.ask("SCRIPT", "LOAD", self._text)
            return await self._trips.ask(*by_hash)


async def _answer(connection: AbstractConnection, timeout_s: float | None) -> Any:
    try:
        return await connection.read_response(timeout=timeout_s)
    except ResponseError as refused:
        return refused


def _settle(answer: asyncio.Future[Any], found: Any) -> None:
    # Whoever asked may have been cancelled meanwhile.
    if answer.done():
        return
    if isinstance(found, asyncio.CancelledError):
        answer.cancel()
    elif isinstance(found, BaseException):
        answer.set_exception(found)
    else:
        answer.set_result(found)
