"""Two versions run side by side during a rolling upgrade, and on the way back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from upgrade import FROM, exchange, running, unpacked
from world import running_servers

from pipeline.errors import Unavailable


@pytest.mark.skipif("MIH_TEST_LONG" not in os.environ, reason="takes long: make test-long runs it")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("back", [False, True], ids=["forward", "back"])
async def test_nothing_is_lost_while_two_versions_share_the_queues(*, back: bool) -> None:
    try:
        with running_servers() as servers, unpacked(FROM) as older:
            report = await exchange(servers, 1, older, back=back)
    except Unavailable as missing:
        # A shallow clone and an archive hold no older version: that is no failure, also in CI.
        pytest.skip(str(missing))  # a shallow clone has no older version
    assert not list(report.failures())


def test_an_older_version_that_the_history_does_not_hold_is_said_in_a_sentence() -> None:
    with (
        pytest.raises(Unavailable, match="commit none-such, which this copy's history does not hold"),
        unpacked("none-such"),
    ):
        pass


def test_a_version_runs_its_own_code_wherever_it_is_started(tmp_path: Path) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "__init__.py").touch()
    command = [sys.executable, "-c", "import pipeline; print(pipeline.__file__)"]
    found = subprocess.run(command, env=os.environ | running(tmp_path), check=True, capture_output=True, text=True)
    assert Path(found.stdout.strip()).is_relative_to(tmp_path)
