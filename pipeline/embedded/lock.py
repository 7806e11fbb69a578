"""A folder that one hub at a time may use."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import Misconfigured, Unavailable

#: A killed hub's programs end within seconds, and hold the lock until then.
_PATIENCE_S = 15.0
_POLL_S = 0.1


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Hold the folder's lock: the descriptor, to be handed to every program that writes into the folder.

    Raises Unavailable, naming the process that has it, and Misconfigured when there can be no such folder.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as failed:
        raise Misconfigured(f"{folder}: cannot be used: {failed.strerror} (MIH_STATE_DIR names another)") from None
    try:
        _take(held, folder)
        os.ftruncate(held, 0)
        os.pwrite(held, str(os.getpid()).encode(), 0)
        yield held
    finally:
        os.close(held)


def _take(held: int, folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = int(os.pread(held, 20, 0) or 0)
            if (owner and _is_alive(owner)) or time.monotonic() > deadline:
                raise Unavailable(f"{folder} is in use by a hub that runs: process {owner}") from None
            time.sleep(_POLL_S)  # flock waits without a deadline, or not at all


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
