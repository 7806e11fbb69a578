"""Certificates made for one test run by the openssl program."""

import os
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that signed itself, and its key."""

    path: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """For a server that shows it."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.path, self.key)
        return context


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where they are kept."""

    folder: Path

    def of(self, name: str, *, days: int = 2) -> Certificate:
        """A new certificate for `name`, as in `DNS:localhost` or `IP:127.0.0.1`."""
        program = shutil.which("openssl")
        if program is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)("openssl is needed to make certificates")
        stem = self.folder / f"{name.replace(':', '-')}-{days}"
        made = Certificate(stem.with_suffix(".pem"), stem.with_suffix(".key"))
        asked = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=test -days {days}"
        files = ("-addext", f"subjectAltName={name}", "-keyout", made.key, "-out", made.path)
        subprocess.run([program, *asked.split(), *files], check=True, capture_output=True, timeout=60)
        return made
