"""How slow the slowest are, from counted latencies; pure."""

from collections.abc import Mapping
from math import ceil


def percentile(counted: Mapping[int, int], share: float) -> int | None:
    """The lowest bound under which this share of all lies; `counted` holds upper bounds and how many lie under each."""
    wanted = ceil(share * sum(counted.values()))
    for below, count in sorted(counted.items()):
        wanted -= count
        if wanted <= 0 < count:
            return below
    return None
