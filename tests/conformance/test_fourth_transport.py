"""docs/transports.md builds a fourth transport that holds to all that every transport must do."""

import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/transports.md").read_text()
NAMED = ("pipeline/attempt/transports/lines.py", "tests/conformance/lines_counterpart.py")
REGISTERED = "pipeline/attempt/transports/__init__.py"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """This house with what the page adds to it, without this test, and nothing else changed."""
    for folder in ("pipeline", "topology", "tests/conformance"):
        copytree(ROOT / folder, tmp_path / folder, ignore=ignore_patterns("__pycache__", Path(__file__).name))
    for file in ("pyproject.toml", "tests/conftest.py"):
        (tmp_path / file).write_text((ROOT / file).read_text())
    for name, text in zip(NAMED, blocks("python"), strict=True):
        (tmp_path / name).write_text(text)
    (changes,) = blocks("diff")
    registered = (ROOT / REGISTERED).read_text()
    for before, after in re.findall(r"^-(.*)\n\+(.*)\n", changes, re.MULTILINE):
        assert registered.count(before) == 1
        registered = registered.replace(before, after)
    (tmp_path / REGISTERED).write_text(registered)
    return tmp_path


def test_the_transport_of_the_page_passes_the_whole_suite(checkout: Path) -> None:
    # What this run was told (workers, options) is not meant for that one.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/conformance", "-k", "lines"]
    ran = subprocess.run(
        command,
        cwd=checkout,
        env={**environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    summary = ran.stdout.splitlines()[-1]
    passed, promised = re.search(r"(\d+) passed", summary), re.search(r"^More than (\d+) tests", PAGE, re.MULTILINE)
    assert passed
    assert promised
    assert int(passed[1]) > int(promised[1])
    # Nothing that the suite asks may be left out by the example.
    assert "skipped" not in summary
    assert "xfailed" not in summary
