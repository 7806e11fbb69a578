"""The third stage: a delivery goes out to its service."""

from pipeline.senders.fleet import run_sender
from pipeline.senders.gate import Gate
from pipeline.senders.sender import Sender
from pipeline.senders.served import Served
from pipeline.senders.word import Word

__all__ = [
    # the stage
    "run_sender",
    # one delivery at a time
    "Gate",
    "Sender",
    "Served",
    "Word",
]
