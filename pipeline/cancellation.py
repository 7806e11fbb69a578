"""Keeping a cancellation that another's code loses."""

import asyncio


class cancellation_kept:  # noqa: N801 - reads like contextlib's; a class, for each message passes several
    """Await a client library inside: Python 3.11's wait_for, beneath it, loses a cancellation that meets an answer."""

    __slots__ = ("_before", "_task")

    def __enter__(self) -> None:
        """Begin."""
        self._task = asyncio.current_task()
        self._before = self._task.cancelling() if self._task else 0

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Raise CancelledError where one was lost."""
        if error is None and self._task and self._task.cancelling() > self._before:
            raise asyncio.CancelledError
