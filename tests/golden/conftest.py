"""Golden messages are delivered by the same hub of real processes as the journeys."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "journey"))
