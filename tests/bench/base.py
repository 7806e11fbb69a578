"""The tree to compare with: what the merge base with a branch holds, laid out in a folder of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from pipeline.embedded import temporary_folder

_ROOT = Path(__file__).parents[2]


@contextmanager
def base_of(branch: str) -> Iterator[Path]:
    """Lay out MIH's own code as it is there.

    Raises BadParameter where git knows no such branch.
    """
    try:
        base = _git("merge-base", "HEAD", branch).decode().strip()
    except subprocess.CalledProcessError as refused:
        raise typer.BadParameter(f"--against {branch}: {refused.stderr.decode().strip() or 'no merge base'}") from None
    with temporary_folder() as folder:
        packed = _git("archive", base, "--", "pipeline", "topology")
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
        yield folder


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, check=True).stdout
