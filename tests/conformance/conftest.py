"""Every test of the suite runs once for each transport."""

from pathlib import Path

import pytest
from certificates import Certificates
from counterpart import Counterpart, counterpart_of

from pipeline.attempt.transports import KINDS


@pytest.fixture(params=sorted(KINDS))
def counterpart(request: pytest.FixtureRequest) -> Counterpart:
    return counterpart_of(request.param, request.getfixturevalue)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)
