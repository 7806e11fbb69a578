"""Keeping a cancellation that another's code loses."""

import asyncio
import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def cancellation_kept() -> Iterator[None]:
    """Await a client library inside: Python 3.11's wait_for, beneath it, loses a cancellation that meets an answer."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    yield
    if task and task.cancelling() > before:
        raise asyncio.CancelledError
