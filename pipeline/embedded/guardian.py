"""The guardian: lets a program live no longer than whoever started it, be that one stopped, crashed or `kill -9`ed.

    starter ─── pipe ───► guardian ──fork──► watcher    waits for the end of the pipe, then ends the program
                              └────exec────► program    keeps the process id that the starter knows

The program takes the guardian's place, so that signals, exit codes and process ids need no forwarding. Nobody
writes into the pipe; the kernel closes it when the starter ends, however it ends. The starter must open a session
for the guardian (Ctrl-C in a terminal then reaches the starter only, which stops things in order).
"""

import os
import signal
import sys
import time
from contextlib import suppress

_POLL_S = 0.05


def guarded(command: list[str], *, grace_s: float) -> list[str]:
    """The command that runs `command` under a guardian, which leaves it `grace_s` between TERM and KILL."""
    # -I -S: nothing of the environment and no packages, it starts in some 20 ms.
    return [sys.executable, "-I", "-S", __file__, str(grace_s), *command]


def main(grace_s: str, *command: str) -> None:
    """Leave a watcher behind and become the program."""
    program = os.getpid()
    if os.fork() == 0:
        _watch(program, float(grace_s))
        os._exit(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    # Python ignores these two, and what is ignored stays so across exec.
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606  the starter's own command, no shell
    except OSError as refused:
        sys.exit(f"{command[0]}: {refused.strerror}")


def _watch(program: int, grace_s: float) -> None:
    os.setsid()  # out of the group that it will kill
    # The program's output must end with the program, not with its watcher.
    for output in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    while os.read(0, 1):
        pass
    with suppress(ProcessLookupError):
        _end(program, grace_s)
    with suppress(ProcessLookupError):
        os.killpg(program, signal.SIGKILL)


def _end(program: int, grace_s: float) -> None:
    os.kill(program, signal.SIGTERM)
    for _ in range(round(grace_s / _POLL_S)):
        time.sleep(_POLL_S)  # no child of ours, so there is nothing to wait on
        os.kill(program, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
