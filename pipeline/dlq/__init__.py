"""What died, and its way back."""

from pipeline.dlq.find import find
from pipeline.dlq.replay import Replayed, replay

__all__ = ["Replayed", "find", "replay"]
