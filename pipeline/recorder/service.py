"""The recorder at work: take from `mih.dead`, write into the index, acknowledge.

What it takes are copies: the letters themselves rest in `mih.dlq.<slug>`, `mih.invalid` and `mih.unroutable`. Only
where such a queue is missing is the copy all there is, since with `mih.dead` bound to all of `mih.dlx` its alternate
exchange never gets anything. Such a letter is published to `mih.unroutable` before it is acknowledged, and what is
indexed is the copy that comes from there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from pipeline.broker import Incoming, Session, consume, moved, run_sessions
from pipeline.dead_index import UNROUTABLE_PLACE, DeadIndex, Letter, marks, read_letter
from pipeline.errors import NotConfirmed, Unavailable
from pipeline.health.metrics import MESSAGES
from pipeline.pause import pause
from pipeline.recorder.batches import Batches
from pipeline.recorder.places import Places
from pipeline.settings import Settings
from topology import names

STAGE = "recorder"

_INDEXED, _HOMELESS = (MESSAGES.labels(STAGE, became) for became in ("indexed", "homeless"))

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recorder:
    """What taking one message needs."""

    session: Session
    places: Places
    #: Returns when the letter is in the index.
    add: Callable[[Letter], Awaitable[None]]

    async def take(self, message: Incoming) -> bool:
        """Index a letter, or send it, which is True, to where it can rest."""
        letter = read_letter(message, datetime.now(UTC))
        # Should the queue of the unroutable be missing too, the index alone holds the letter.
        if letter.place == UNROUTABLE_PLACE or await self.places.exists(letter.place):
            await self.add(letter)
            _INDEXED.inc()
            log.debug("indexed", place=letter.place, letter=letter.letter_id)
            return False
        log.warning("a dead letter without a queue goes to mih.unroutable", place=letter.place, letter=letter.letter_id)
        homeless = moved(message, names.UNROUTABLE, letter.routing_key).with_headers(marks(letter))
        await self.session.publish_patiently(homeless)
        _HOMELESS.inc()
        return True


def recorder_of_suspects(session: Session, index: DeadIndex) -> Recorder:
    """A recorder of one letter at a time, which blames none of them for a database that is away."""

    async def add(letter: Letter) -> None:
        try:
            await index.add([letter])
        except Unavailable as away:
            raise NotConfirmed(f"not indexed: {away}") from None

    return Recorder(session, Places(session), add)


async def run_recorder(settings: Settings, *, stopping: asyncio.Event) -> None:
    """Run until `stopping`; letters wait in `mih.dead` while the database is away."""
    async with DeadIndex.open(settings.effective_database_url()) as index:

        async def work(session: Session) -> None:
            batches = Batches(index, settings.prefetch)
            recorder = Recorder(session, Places(session), batches.add)
            writing = asyncio.create_task(batches.write(), name="write the index")
            try:
                while not (stopping.is_set() or session.lost.is_set()):
                    await _consume(recorder, batches, stopping)
                    await pause(None, batches.idle, stopping, session.lost)
            finally:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)

        await run_sessions(settings.amqp_url, STAGE, work, stopping=stopping)


async def _consume(recorder: Recorder, batches: Batches, stopping: asyncio.Event) -> None:
    """Consume until the end, or until the letters in hand must be let go since the database is away for so long."""
    ended = asyncio.Event()
    consuming = asyncio.create_task(
        consume(recorder.session, names.DEAD, recorder.take, stage=STAGE, prefetch=batches.most, until=stopping)
    )
    consuming.add_done_callback(lambda _: ended.set())
    try:
        await pause(None, ended, batches.stuck)
    finally:
        consuming.cancel()
        await asyncio.gather(consuming, return_exceptions=True)
