"""The index of the dead: what died, why and when, looked up in SQL so that looking touches no queue."""

from pipeline.dead_index.letter import (
    MAX_BODY,
    TRAVELLING,
    UNROUTABLE_PLACE,
    Entry,
    Letter,
    letter_id,
    marks,
    read_letter,
)
from pipeline.dead_index.selection import Selectable, Selection
from pipeline.dead_index.store import DeadIndex, Dropped, Group

__all__ = [
    # what is indexed
    "Entry",
    "Letter",
    "MAX_BODY",
    "TRAVELLING",
    "UNROUTABLE_PLACE",
    "letter_id",
    "marks",
    "read_letter",
    # which of it is meant
    "Selectable",
    "Selection",
    # where it is kept
    "DeadIndex",
    "Dropped",
    "Group",
]
