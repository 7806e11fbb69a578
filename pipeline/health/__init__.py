"""How a process is: what must hold for it to work, its pulse and its figures, and the door where all that is asked."""

from pipeline.health.conditions import condition
from pipeline.health.watch import watched

__all__ = ["condition", "watched"]
