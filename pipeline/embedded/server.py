"""A private server: one program under a guardian, with a folder, ports and a password of its own."""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

from pipeline.embedded.guardian import guarded
from pipeline.errors import Unavailable

LOOPBACK = "127.0.0.1"
#: How long a start may take: ten times what it took on two slow cores.
READY_WITHIN_S = 60.0
#: Ports are chosen, released, then bound by the program; somebody may come between.
_STARTS = 3
_POLL_S = 0.05
_LOG_LINES_SHOWN = 15


@dataclass(frozen=True, slots=True)
class Access:
    """Where a private server listens, and the password it asks for."""

    ports: tuple[int, ...]
    password: str

    @classmethod
    def read(cls, file: Path, count: int) -> Self:
        """What was in use last time, so that addresses told to others stay good; new ports where they are taken."""
        try:
            found = json.loads(file.read_text())
            ports, password = tuple(found["ports"]), found["password"]
        except (OSError, ValueError, KeyError):
            return cls(free_ports(count), secrets.token_urlsafe(18))
        return cls(ports if all(map(_is_free, ports)) else free_ports(count), password)


class PrivateServer(ABC):
    """Starts, stops, kills and starts again; the ports, password and data stay the same while its folder stays.

    With `keeps_data=False` it may forget everything when it stops. `held` are file descriptors that the program keeps
    open as long as it lives: the lock of its folder.
    """

    name: ClassVar[str]
    ports_needed: ClassVar[int] = 1
    #: Between TERM and KILL; what was confirmed is on disk either way.
    grace_s: ClassVar[float] = 2.0
    #: What the log says when somebody else has the port.
    port_taken: ClassVar[str]

    def __init__(self, program: Path, folder: Path, *, keeps_data: bool, held: Sequence[int] = ()) -> None:
        self.program, self.folder, self.keeps_data = program, folder, keeps_data
        self.version = "of unknown version"
        self._held = tuple(held)
        self._was_up = False
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.access = Access.read(folder / "access.json", self.ports_needed)

    @property
    def told(self) -> str:
        """What it is and where, for people."""
        return f"private {self.name} {self.version} at {LOOPBACK}:{self.access.ports[0]}"

    @property
    def log(self) -> Path:
        """Everything the program says."""
        return self.folder / "log"

    @property
    def pid(self) -> int | None:
        """The program's process id, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Return once it answers.

        Raises Unavailable with the last lines of its log.
        """
        for _ in range(_STARTS):
            self._launch()
            if self._answers_in_time():
                self._was_up = True
                return
            self.kill()
            if self._was_up or self.port_taken not in self.log.read_text(errors="replace"):
                break
            self.access = Access(free_ports(self.ports_needed), self.access.password)
        raise Unavailable(f"{self.name} did not start; the end of {self.log}:\n{self._end_of_log()}")

    def stop(self) -> None:
        """End it in order where it keeps data, at once where not."""
        if self._process and self.keeps_data:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self.grace_s)
        self.kill()

    def kill(self) -> None:
        """End it as a crash would: KILL, now."""
        if self._process is None:
            return
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()  # waits, and closes the guardian's pipe
        self._process = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            # Also where somebody told us to leave meanwhile: nothing that was launched stays behind.
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def _configure(self) -> None:
        """Write the program's own configuration into the folder."""

    @abstractmethod
    def _command(self) -> list[str]:
        """What to run."""

    @abstractmethod
    def _environment(self) -> Mapping[str, str]:
        """The environment to run it in."""

    @abstractmethod
    def _ask(self) -> str | None:
        """Log in as a client would: the server's version, or None while it does not answer."""

    def _launch(self) -> None:
        self.kill()
        write_private(self.folder / "access.json", json.dumps(asdict(self.access)))
        self._configure()
        if self.log.exists():
            self.log.replace(self.folder / "log.1")
        with ExitStack() as opened:
            output = opened.enter_context(self.log.open("wb"))
            self._process = subprocess.Popen(  # noqa: S603  a command of our own, no shell
                guarded(self._command(), grace_s=self.grace_s if self.keeps_data else 0),
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self._held,
            )

    def _answers_in_time(self) -> bool:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline and self.pid:
            if listens(self.access.ports[0]) and (version := self._ask()):
                self.version = version
                return True
            time.sleep(_POLL_S)  # a server does not tell when it is ready: it is asked
        return False

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:])


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of the loopback interface that nobody has at this moment."""
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.create_server((LOOPBACK, 0))) for _ in range(count)]
        return tuple(int(taken.getsockname()[1]) for taken in sockets)


def _is_free(port: int) -> bool:
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return False
    return True


def listens(port: int) -> bool:
    """Whether anybody accepts connections there, on the loopback interface."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def write_private(file: Path, text: str) -> None:
    """Write a file that nobody else can read, at no moment."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)
