"""Receiving: the frames of one connection, read in what the socket gives at once instead of one by one."""

import aiormq.connection
from aiormq.exceptions import AMQPConnectionError

from pipeline.broker.wire.decode import Received, read_frame

_CHUNK = 65_536


class Receiver(aiormq.connection.FrameReceiver):
    """The client library's, which awaits each frame in three parts."""

    _buffer = b""
    _at = 0

    async def get_frame(self) -> Received:
        """The next frame.

        Raises what the library raises: AMQPConnectionError when the other side is gone.
        """
        if not self.started:
            # The broker may answer with something else than a frame.
            return await super().get_frame()
        while not (received := read_frame(self._buffer, self._at)):
            await self._more()
        self._at += received[0]
        return received

    async def _more(self) -> None:
        if self.reader.at_eof():
            raise StopAsyncIteration
        try:
            chunk = await self.reader.read(_CHUNK)
        except OSError as away:
            raise AMQPConnectionError(f"Server communication error: {away!r}") from away
        if not chunk:
            raise AMQPConnectionError("Server connection unexpectedly closed")
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0


def receive_quickly() -> None:
    """Let the client library read so, in this process."""
    setattr(aiormq.connection, "FrameReceiver", Receiver)  # noqa: B010 - mypy forbids to assign to a class
