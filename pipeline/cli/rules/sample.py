"""The event that a rule is tried on: from a file, from standard input, or from a dead letter, by its id."""

import asyncio
import sys
from collections.abc import Sequence
from errno import ENAMETOOLONG, ENOENT, ENOTDIR
from pathlib import Path

from pipeline.broker import open_session
from pipeline.cli.in_force import slugs_in_force
from pipeline.dead_letter import DeadLetter
from pipeline.dlq import find
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
    settings = load_settings()
    try:
        slugs = slugs_in_force(settings)
        letter = asyncio.run(_find(settings.amqp_url, slugs, wanted)) if slugs else None
    except Unavailable as away:
        raise Unavailable(
            f"{wanted}: there is no such file, and the dead letters cannot be looked at: {away}"
        ) from None
    if letter is None:
        among = f"of {', '.join(slugs)}" if slugs else "(no service is in force)"
        raise Misconfigured(
            f"{wanted}: there is no such file, and no event or delivery of this id among the dead letters {among}"
        )
    return letter.delivery.event


async def _find(amqp_url: str, slugs: Sequence[str], wanted: str) -> DeadLetter | None:
    async with open_session(amqp_url, "rules try") as session:
        return await find(session, slugs, wanted)
