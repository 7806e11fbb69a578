"""Away: whatever the client library raises when the other side is gone or has closed, in our words."""

import asyncio
import contextlib
from collections.abc import Iterator

from aiormq.exceptions import AMQPError, DeliveryError, PublishError

from pipeline.cancellation import cancellation_kept
from pipeline.errors import NotConfirmed, Unavailable

#: RuntimeError is the library's word for a connection or a channel that is closed already, StopAsyncIteration for one
#: that was hung up before it said anything.
AWAY = (AMQPError, RuntimeError, OSError, TimeoutError, StopAsyncIteration)


@contextlib.contextmanager
def unless_away(doing: str) -> Iterator[None]:
    """Call the client library inside; `doing` begins what is said of a failure.

    Raises NotConfirmed when the broker refused or returned a publish, Unavailable when it is away.
    """
    try:
        with cancellation_kept():
            yield
    except PublishError:
        raise NotConfirmed(f"{doing}: no queue is bound for it") from None
    except DeliveryError:
        raise NotConfirmed(f"{doing}: refused by the broker") from None
    except AWAY as away:
        raise Unavailable(f"{doing}: {said(away)}") from None
    except asyncio.CancelledError:
        # A connection that fell silent is closed by a cancellation, and it reaches those who wait on that connection.
        if (task := asyncio.current_task()) is None or task.cancelling():
            raise
        raise Unavailable(f"{doing}: the connection fell silent") from None
    except Exception as unnamed:
        # Where the other side hangs up between two frames, the library ends what waits with a bare Exception.
        if type(unnamed) is not Exception:
            raise
        raise Unavailable(f"{doing}: the connection was closed") from None


def said(error: BaseException) -> str:
    """An error in one line."""
    return f"{type(error).__name__} {error}".strip()
