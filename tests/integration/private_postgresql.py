"""A private PostgreSQL on a free loopback port, for the registry's tests."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

PASSWORD = "not-to-be-shown"
_DEADLINE_S = 30


@dataclass
class PostgreSQL:
    """A server of its own, which can be stopped and started."""

    programs: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if owner := _owner():
            for path in (self.folder, password):
                shutil.chown(path, owner["user"], owner["group"])
        options = ["-U", "mih", "--auth=scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--locale=C", "--no-sync"]
        self._run("initdb", "-D", str(self.folder / "data"), *options)

    def start(self) -> None:
        options = [f"-p{self.port}", "-h127.0.0.1", "-cfsync=off", "-cunix_socket_directories="]
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **_owner())
        deadline = time.monotonic() + _DEADLINE_S
        while subprocess.run([self.programs / "pg_isready", "-q", *self._address()], check=False).returncode:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process:
            # PostgreSQL's "fast shutdown": connections are closed, as when a server is restarted.
            self.process.send_signal(signal.SIGINT)
            self.process.wait(_DEADLINE_S)
            self.process = None

    def new_database(self) -> str:
        name = f"mih_{uuid4().hex}"
        self._run("createdb", *self._address(), "-U", "mih", name)
        return f"postgresql+asyncpg://mih:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def _address(self) -> tuple[str, ...]:
        return ("-h", "127.0.0.1", "-p", str(self.port))

    def _run(self, program: str, *arguments: str) -> None:
        environ = {**os.environ, "PGPASSWORD": PASSWORD}
        command = [str(self.programs / program), *arguments]
        ran = subprocess.run(command, check=False, capture_output=True, cwd=self.folder, env=environ, **_owner())
        assert not ran.returncode, ran.stderr.decode()


def _owner() -> dict[str, Any]:
    """As whom PostgreSQL is run; it refuses to be root."""
    if os.getuid():
        return {}
    users = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = users.get("postgres") or users["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def installed_programs() -> Path | None:
    """Debian keeps the server's programs off the PATH."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.get_exec_path())]
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
