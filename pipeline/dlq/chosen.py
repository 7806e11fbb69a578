"""Which letters of a queue a selection means."""

from collections.abc import Callable
from datetime import datetime

from pipeline.broker import Incoming
from pipeline.dead_index import DeadIndex, Selection, letter_id, read_letter
from pipeline.dead_letter import time_of
from pipeline.errors import Unreadable


async def chosen_by(selection: Selection, index: DeadIndex, place: str, now: datetime) -> Callable[[Incoming], bool]:
    """Judge letters of a place by their own words, and where those tell no time of death, by what the index knows.

    Raises Unavailable.
    """
    known = {entry.letter_id async for entry in index.select(selection)} if selection.died_before else set[str]()
    return lambda message: (
        is_chosen(message, selection, place, now) or (_id(message) in known and not _tells_its_time(message))
    )


def is_chosen(message: Incoming, selection: Selection, place: str, now: datetime) -> bool:
    """Judge a letter by its own words; one that tells no time of death died `now`."""
    if selection.ids and _id(message) not in selection.ids:
        return False
    # Reading a letter takes longer than all else that is done with it.
    if not (selection.reason or selection.fingerprint or selection.died_before):
        return True
    return selection.holds(read_letter(message, now, place))


def _tells_its_time(message: Incoming) -> bool:
    try:
        return time_of(message.headers) is not None
    except Unreadable:
        return False


def _id(message: Incoming) -> str:
    return letter_id(message)
