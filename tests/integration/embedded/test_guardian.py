import signal
import subprocess
import sys
import uuid

from living import eventually, killed_at_the_end, living_with, on_linux

from pipeline.embedded.guardian import guarded

SAYS_BYE = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit("bye"))
print("ready", flush=True)
time.sleep(600)
"""
IS_DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""
#: Starts a program with a child of its own under a guardian, and waits.
STARTER = """
import subprocess, sys, time
from pipeline.embedded.guardian import guarded
command = ["sh", "-c", "sleep 600 & echo ready; wait", sys.argv[1]]
subprocess.Popen(guarded(command, grace_s=5), stdin=subprocess.PIPE, start_new_session=True)
time.sleep(600)
"""


def _start(*command: str, grace_s: float = 5) -> subprocess.Popen[str]:
    return subprocess.Popen(
        guarded(list(command), grace_s=grace_s),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _said(program: subprocess.Popen[str]) -> str:
    """All that it says until it ends of itself, while the pipe stays open."""
    with program:
        assert program.stdout
        said = program.stdout.read()
        program.wait(timeout=20)
        return said


def test_the_program_has_the_process_id_and_the_exit_code_that_the_starter_sees() -> None:
    program = _start(sys.executable, "-c", "import os; print(os.getpid()); raise SystemExit(7)")
    assert _said(program) == f"{program.pid}\n"
    assert program.returncode == 7


def test_a_program_that_is_not_there_is_told() -> None:
    program = _start("/nowhere/at-all")
    assert _said(program) == "/nowhere/at-all: No such file or directory\n"
    assert program.returncode == 1


def test_the_program_is_ended_by_a_broken_pipe_as_without_a_guardian() -> None:
    assert _said(_start("sh", "-c", "kill -PIPE $$; echo survived")) == ""


def test_the_end_of_the_starter_terminates_the_program() -> None:
    with _start(sys.executable, "-c", SAYS_BYE) as program:
        assert program.stdout
        assert program.stdin
        assert program.stdout.readline() == "ready\n"
        program.stdin.close()
        assert program.stdout.read() == "bye\n"


def test_a_program_deaf_to_term_is_killed() -> None:
    with _start(sys.executable, "-c", IS_DEAF, grace_s=0.2) as program:
        assert program.stdout
        assert program.stdin
        assert program.stdout.readline() == "ready\n"
        program.stdin.close()
        assert program.wait(timeout=20) == -signal.SIGKILL


@on_linux
def test_kill_9_of_the_starter_leaves_no_process() -> None:
    mark = f"mark-{uuid.uuid4()}"
    with killed_at_the_end([sys.executable, "-c", STARTER, mark]) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == "ready\n"
        assert len(living_with(mark)) >= 3, "starter, watcher and program"
        starter.kill()
        assert starter.stdout.read() == "", "ends when the program's own child has ended too"
    assert eventually(lambda: living_with(mark), {}) == {}
