"""What died, and its way back."""

from pipeline.dlq.chosen import chosen_by, is_chosen
from pipeline.dlq.decision import Decide, Decision, Drop, Keep, Send, Walked
from pipeline.dlq.journal import Journal, open_journal
from pipeline.dlq.leaving import Leaving, leaving
from pipeline.dlq.limits import keep_limits
from pipeline.dlq.line import Line, read_line, write_line
from pipeline.dlq.pace import Pace
from pipeline.dlq.replay import anew, as_sent
from pipeline.dlq.walk import Walk

__all__ = [
    # the one pass
    "Walk",
    "Walked",
    "Pace",
    # what it may do with a letter
    "Decide",
    "Decision",
    "Drop",
    "Keep",
    "Send",
    # which letters
    "chosen_by",
    "is_chosen",
    # what becomes of them
    "anew",
    "as_sent",
    # by itself
    "keep_limits",
    # the index
    "Leaving",
    "leaving",
    # as files
    "Journal",
    "open_journal",
    "Line",
    "read_line",
    "write_line",
]
