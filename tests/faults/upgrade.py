"""`make upgrade FROM=commit`: two versions of the hub side by side, one role after another exchanged under load.

The older one is a commit of this repository, unpacked into a folder and run with the same libraries. It applies the
registry and starts all roles; then each gets a neighbour of the newer version, and is told to stop. `--back` is the way
back.
"""

import asyncio
import logging
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from hub_world import until
from laboratory import Report, run
from load import Load
from scenarios import Scenario
from world import ROLES, Servers, World, running_servers

from pipeline.errors import Unavailable

HERE = Path(__file__).parents[2]
#: The oldest commit that has every role and transport of the laboratory; with a release, its tag.
FROM = "3f097e6"
_STARTED = '"message":"started"'


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A role of the other version works beside this one, which is then told to stop."""

    role: str
    other: Mapping[str, str]
    #: Both hear of what is claimed and delivered, so that a neighbour costs no duplicate.
    repeats: int = 0

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        neighbour = f"{self.role} #2"
        world.hub.of_its_own[self.role.split()[0]] = dict(self.other)
        await world.hub.start(neighbour)
        log = world.hub.folder / f"{neighbour.replace(' ', '-')}.log"
        await until(lambda: _STARTED in log.read_text(), f"{neighbour} has started")
        await asyncio.sleep(1)  # both versions take from the same queues
        code = await world.hub.stop(self.role)
        assert code == 0, f"{self.role} told to stop ended with {code}"


@contextmanager
def unpacked(commit: str) -> Iterator[Path]:
    """The code of a commit in a folder of its own.

    Raises Unavailable where the history does not hold it, as in a shallow clone or an archive.
    """
    command = ["git", "-C", str(HERE), "archive", commit, "pipeline", "topology"]
    try:
        archive = subprocess.run(command, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        raise Unavailable(
            f"an upgrade is tried from commit {commit}, which this copy's history does not hold"
        ) from None
    with TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


async def exchange(servers: Servers, seed: int, older: Path, *, back: bool = False) -> Report:
    """Upgrade every role under load, in an order that the seed says, or go back to the older version."""
    before, after = (HERE, older) if back else (older, HERE)
    name = "rolled back under load" if back else "upgraded under load"
    exchanged = tuple(Exchanged(role, running(after)) for role in ROLES)
    with _environment(running(before)):
        return await run(Scenario(name, exchanged, events=900, rate=30), servers, seed)


def running(version: Path) -> dict[str, str]:
    """What makes Python run the code that lies there, wherever it is started."""
    return {"PYTHONPATH": str(version), "PYTHONSAFEPATH": "1"}


@contextmanager
def _environment(of_roles: Mapping[str, str]) -> Iterator[None]:
    was = dict(os.environ)
    os.environ.update(of_roles)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(was)


def main(
    *,
    commit: Annotated[str, typer.Option("--from", help="The older version: a commit or a tag.")] = FROM,
    back: Annotated[bool, typer.Option("--back", help="From this version to the older one.")] = False,
    seed: Annotated[int, typer.Option(help="The order of the roles follows from it.")] = 1,
) -> None:
    """Exchange every role; exit with 1 unless nothing was lost, nothing stalled, duplicates within their bound."""
    logging.disable()
    with running_servers() as servers, unpacked(commit) as older:
        report = asyncio.run(exchange(servers, seed, older, back=back))
    failures = list(report.failures())
    if failures:
        Path(".faults").mkdir(exist_ok=True)
        Path(".faults", f"upgrade-{commit}.log").write_text(report.logs)
    verdict = report.verdict
    sys.stdout.write(
        f"{report.scenario.name}, {commit}: {verdict.delivered} delivered, {verdict.duplicates} duplicates, "
    )
    sys.stdout.write("; ".join(failures) or f"well, {report.seconds:.0f} s")
    sys.stdout.write("\n")
    sys.exit(bool(failures))


if __name__ == "__main__":
    typer.run(main)
