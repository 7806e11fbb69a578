"""The walk: one pass over a queue of dead letters, on which every way back stands.

Each letter is taken from the head, and a decision says what becomes of it:

    Send   its message goes on its way              ─┐
    Keep   it goes to the tail of the same queue     ├─► confirmed by the broker, and only then acknowledged
    Drop   it ends here                             ─┘

So whatever ends a walk, and at whatever line, each letter is in its queue or on its way. At the worst one that was in
hand is in both: the next walk drops a kept one as a repeat, and a sent one has the same Idempotency-Key.

A walk is bounded by what its queue holds at the start, and holds a lease, so that no other one goes round with it. A
letter that it keeps is marked as its own: should the queue have become shorter meanwhile (an operator purged it), the
walk ends where it meets that mark, and does not take its own copies for repeats.

Where what is sent may not come all at once, the walk goes in stretches, each with room for so many letters; between
two of them it has none in hand.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from uuid import uuid4

from pipeline.broker import Incoming, Outgoing, Puller, Session, lease, moved, open_getter, open_puller
from pipeline.dead_index import letter_id, marks, read_letter
from pipeline.dlq.decision import Decide, Decision, Drop, Keep, Send, Walked
from pipeline.dlq.pace import Pace
from pipeline.errors import NotConfirmed, Unavailable
from pipeline.pause import pause
from topology import names

#: Letters in hand at once: RabbitMQ holds back what a channel acknowledges of a quorum queue above 32 at a time, and
#: forgets it when that channel closes, so that letters which were sent would be there again.
WINDOW = 32
#: Seconds between two looks whether there is room.
_LOOK_EVERY_S = 0.1
#: Seconds that what is in hand is given to end when the connection is lost.
_LOST_GRACE_S = 2
#: The headers by which a dead delivery says of itself what it is known by, why it died and when.
_TOLD = {names.HEADER_DELIVERY_ID, names.HEADER_REASON, names.HEADER_DIED_AT}


@dataclass(slots=True, eq=False, kw_only=True)
class Walk:
    """A walk over the dead letters of one place (a service's slug, `invalid`, `unroutable`), to be run once."""

    session: Session
    place: str
    decide: Decide
    #: Told after each letter, and when the walk begins or ends to wait for room.
    progress: Callable[[Walked], None] = lambda _: None
    #: Told the id of each letter that left.
    left: Callable[[str], None] = lambda _: None
    #: Told the id of each letter that is still there.
    stays: Callable[[str], None] = lambda _: None
    #: Says how many more letters may be sent now.
    room: Callable[[], Awaitable[int]] | None = None
    pace: Pace | None = None
    #: Ends the walk with what is in hand.
    until: asyncio.Event = field(default_factory=asyncio.Event)
    _done: Walked = field(default_factory=lambda: Walked(0))
    _to_meet: int = 0
    _to_send: int = 0
    _is_first: bool = True
    _is_round: bool = False
    _failed: list[Exception] = field(default_factory=list)
    _met: set[bytes] = field(default_factory=set)
    _mark: str = field(default_factory=lambda: uuid4().hex)

    @property
    def queue(self) -> str:
        """The queue of the place."""
        return names.dead_letters_at(self.place)

    @property
    def done(self) -> Walked:
        """What it did so far, however it ended."""
        return self._done

    async def run(self) -> Walked:
        """Walk once.

        Raises Unavailable when somebody else walks there, there is no such queue, or the broker is lost on the way.
        """
        async with lease(self.session, self.queue):
            async with open_getter(self.session) as getter:
                self._to_meet = await getter.depth(self.queue)
            self._done = Walked(self._to_meet)
            while self._goes_on and await self._has_room():
                await self._stretch()
                # From here on, what returned is what was sent ahead on this walk.
                self._is_first = False
        return replace(self._done, interrupted=self.until.is_set() and self._done.met < self._done.depth)

    @property
    def _goes_on(self) -> bool:
        return self._to_meet > 0 and not (self._is_round or self._failed or self.until.is_set())

    async def _has_room(self) -> bool:
        """Wait for room to send; there is none where the walk ends before."""
        room = self._to_meet
        while self._goes_on and self.room and (room := await self.room()) < 1:
            self._tell(replace(self._done, waiting=True))
            await pause(_LOOK_EVERY_S, self.until, self.session.lost)
            if self.session.lost.is_set():
                raise Unavailable(f"{self.queue}: the connection was lost")
        self._to_send = room
        self._done = replace(self._done, waiting=False)
        return self._goes_on

    async def _stretch(self) -> None:
        """Go on while there is room to send."""
        ahead = min(WINDOW, self._to_send, self._to_meet, self.pace.ahead if self.pace else WINDOW)
        async with open_puller(self.session, self.queue, ahead=ahead) as puller:
            await self._all_in_turn([asyncio.create_task(self._settle_in_turn(puller)) for _ in range(ahead)])
            if self._failed:
                raise self._failed[0]
            # Whose answer says that all acknowledgements were heard.
            await puller.depth()

    async def _all_in_turn(self, workers: list[asyncio.Task[None]]) -> None:
        """Let what is in hand be settled; what waits for a connection that is lost would wait for ever."""
        ended = asyncio.gather(*workers)
        lost = asyncio.create_task(self.session.lost.wait())
        try:
            await asyncio.wait((ended, lost), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait((ended,), timeout=_LOST_GRACE_S)
            if not ended.done():
                self._failed.append(Unavailable(f"{self.queue}: the connection was lost"))
        finally:
            lost.cancel()
            ended.cancel()
            await asyncio.gather(ended, lost, return_exceptions=True)

    async def _settle_in_turn(self, puller: Puller) -> None:
        try:
            while self._goes_on and self._to_send > 0:
                self._to_meet -= 1
                self._to_send -= 1
                message = await puller.pull()
                if message is None or message.headers.get(names.HEADER_WALK) == self._mark:
                    self._is_round = True
                    return
                # What somebody had in hand who died may not have been back yet when the queue was counted.
                self._to_meet += self._is_first and message.returned > 0
                if await self._settled(message):
                    await puller.ack(message)
        except Exception as failed:  # noqa: BLE001 - it is raised when the others have settled what they have in hand
            self._failed.append(failed)

    async def _settled(self, message: Incoming) -> bool:
        """Do what is decided of a letter; whether it may be acknowledged."""
        known_by = letter_id(message)
        if self._is_repeat(known_by, message.body):
            self._to_send += 1
            self._tell(replace(self._done, repeats=self._done.repeats + 1))
            return True
        decision = await self.decide(message)
        if isinstance(decision, Send) and self.pace and not await self.pace.turn(self.until):
            return False
        if not isinstance(decision, Send):
            self._to_send += 1
        await self._do(decision, message, known_by)
        return True

    async def _do(self, decision: Decision, message: Incoming, known_by: str) -> None:
        match decision:
            case Send(outgoing):
                await self._send(outgoing, message, known_by)
            case Drop():
                self.left(known_by)
                self._tell(replace(self._done, dropped=self._done.dropped + 1))
            case Keep(reason):
                await self._keep(message, reason, known_by)

    async def _send(self, outgoing: Outgoing, message: Incoming, known_by: str) -> None:
        try:
            await self.session.publish(outgoing)
        except NotConfirmed as refused:
            await self._keep(message, str(refused), known_by)
        else:
            self.left(known_by)
            self._tell(replace(self._done, sent=self._done.sent + 1))

    async def _keep(self, message: Incoming, reason: str, known_by: str) -> None:
        await self.session.publish(self._to_the_tail(message))
        self.stays(known_by)
        self._tell(self._done.and_kept(reason))

    def _to_the_tail(self, message: Incoming) -> Outgoing:
        """The letter, with what the broker would forget of it where its own headers do not tell it."""
        told: dict[str, str | int] = {names.HEADER_WALK: self._mark}
        if not message.headers.keys() >= _TOLD:
            told |= marks(read_letter(message, datetime.now(UTC), self.place))
        return moved(message, "", self.queue).with_headers(told)

    def _is_repeat(self, known_by: str, body: bytes) -> bool:
        seen = blake2b(known_by.encode() + b"\x00" + body, digest_size=16).digest()
        if seen in self._met:
            return True
        self._met.add(seen)
        return False

    def _tell(self, done: Walked) -> None:
        self._done = replace(done, depth=max(done.depth, done.met))
        self.progress(self._done)
