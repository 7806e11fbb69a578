"""What waits in a queue."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Depth:
    """Messages that are ready, which nobody has in hand, and consumers."""

    ready: int
    consumers: int
