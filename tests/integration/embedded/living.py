"""Processes to be killed, and which live: as the kernel tells it, also those that left parent, group and session."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_PROC = Path("/proc")
on_linux = pytest.mark.skipif(not (_PROC / "self/environ").exists(), reason="reads /proc")


@contextmanager
def killed_at_the_end(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that is gone after the block, also when the block fails."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **(pipes | options), text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


def living_with(mark: str) -> dict[int, str]:
    """The processes in whose command, environment or folder the mark appears, and their commands; not the dead."""
    return {pid: command for pid, command, text in _processes() if mark in text}


def eventually(found: Callable[[], object], wanted: object, *, within_s: float = 20) -> object:
    """What was found last: the wanted, or what it was when patience ended."""
    deadline = time.monotonic() + within_s
    while (last := found()) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)  # processes of others are looked at, and tell nobody when they end
    return last


def _processes() -> Iterator[tuple[int, str, str]]:
    for folder in _PROC.glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (folder / "environ").read_bytes().decode(errors="replace")
            working_folder = str((folder / "cwd").readlink())
        except OSError:
            # Gone, or dead and not yet buried.
            continue
        yield int(folder.name), command, command + environment + working_folder
