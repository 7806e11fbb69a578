"""Makes the worlds of neighbouring rooms importable here: databases from the registry's, a road from the stages'."""

import sys
from pathlib import Path

for room in ("registry", "stages"):
    path = str(Path(__file__).parents[1] / room)
    if path not in sys.path:
        sys.path.append(path)
