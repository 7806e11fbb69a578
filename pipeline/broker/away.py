"""Away: whatever the client library raises when the other side is gone or has closed, in our words."""

import asyncio

from aiormq.exceptions import AMQPError, DeliveryError, PublishError

from pipeline.cancellation import cancellation_kept
from pipeline.errors import NotConfirmed, Unavailable


class unless_away(cancellation_kept):  # noqa: N801 - as the one that it extends
    """Call the client library inside; `doing` begins what is said of a failure.

    Raises NotConfirmed when the broker refused or returned a publish, Unavailable when it is away.
    """

    __slots__ = ("_doing",)

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Raise in our words what was raised inside."""
        super().__exit__(kind, error, traceback)
        match error:
            case PublishError():
                raise NotConfirmed(f"{self._doing}: no queue is bound for it") from None
            case DeliveryError():
                raise NotConfirmed(f"{self._doing}: refused by the broker") from None
            # RuntimeError is the library's word for a connection or a channel that is closed already,
            # StopAsyncIteration for one that was hung up before it said anything.
            case AMQPError() | RuntimeError() | OSError() | TimeoutError() | StopAsyncIteration():
                raise Unavailable(f"{self._doing}: {said(error)}") from None
            # A connection that fell silent is closed by a cancellation, and it reaches those who wait on it.
            case asyncio.CancelledError() if self._task and not self._task.cancelling():
                raise Unavailable(f"{self._doing}: the connection fell silent") from None
            # Where the other side hangs up between two frames, the library ends what waits with a bare Exception.
            case Exception() if type(error) is Exception:
                raise Unavailable(f"{self._doing}: the connection was closed") from None


def said(error: BaseException) -> str:
    """An error in one line."""
    return f"{type(error).__name__} {error}".strip()
