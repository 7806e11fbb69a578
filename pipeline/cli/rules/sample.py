"""The event that a rule is tried on: from a file, from standard input, or from a dead letter, by its id."""

import asyncio
import contextlib
import sys
from errno import ENAMETOOLONG, ENOENT, ENOTDIR
from pathlib import Path

from pipeline.dead_index import DeadIndex, Letter
from pipeline.delivery import read_delivery
from pipeline.errors import Misconfigured, Unavailable, Unreadable
from pipeline.event import Event
from pipeline.ingest import sample_event
from pipeline.settings import load_settings

#: What the system says to a name that no file has, or can have: an id may be longer than those.
_NO_FILE = frozenset({ENOENT, ENOTDIR, ENAMETOOLONG})


def event_named(given: str) -> Event:
    """Read the event of a file that exists, of `-`, or else of the dead letter with this event or delivery id.

    Raises Unreadable, Misconfigured where nothing of that name is found, and Unavailable where it could not be looked.
    """
    try:
        body = sys.stdin.buffer.read() if given == "-" else Path(given).read_bytes()
    except OSError as failed:
        if failed.errno in _NO_FILE:
            return _event_of_the_dead(given)
        raise Misconfigured(f"{given}: cannot be read: {failed.strerror}") from None
    try:
        return sample_event(body)
    except Unreadable as why:
        raise Unreadable(f"{given}: {why}") from None


def _event_of_the_dead(wanted: str) -> Event:
    try:
        letters = asyncio.run(_find(load_settings().effective_database_url(), wanted))
    except Unavailable as away:
        raise Unavailable(
            f"{wanted}: there is no such file, and the dead letters cannot be looked at: {away}"
        ) from None
    for letter in letters:
        with contextlib.suppress(Unreadable):
            return read_delivery(letter.body or b"", letter.headers).event
    raise Misconfigured(
        f"{wanted}: there is no such file, and the index of the dead letters knows no delivery of this id or event"
    )


async def _find(database_url: str, wanted: str) -> list[Letter]:
    async with DeadIndex.open(database_url) as index:
        return await index.letters(wanted)
