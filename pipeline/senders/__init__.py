"""The third stage: a delivery goes out to its service."""

from pipeline.senders.fleet import run_sender
from pipeline.senders.sender import Sender

__all__ = ["Sender", "run_sender"]
